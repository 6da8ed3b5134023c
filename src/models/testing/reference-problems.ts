/**
 * The training problems that PyTorch has solved beside us (tools/reference/families.py): a model, its weights and its batches,
 * all by formula, so that both sides make the same ones and nothing is shipped. The script says the same in Python.
 */
import { adapterA, isAdapter } from "../../graph/surgery/lora.ts";
import type { Graph, Parameter, Weights } from "../../graph/types.ts";
import { fixedStart } from "../initial-weights.ts";
import { buildMobilenetV2 } from "../mobilenet-v2/build.ts";
import { buildTransformerEncoder } from "../transformer-encoder/build.ts";

export interface ReferenceBatch {
  readonly input: { readonly data: Float32Array | Int32Array; readonly shape: number[] };
  /** int32 [batch], or [batch * tokens] where each token is followed by one. */
  readonly labels: Int32Array;
}

export interface ReferenceProblem {
  readonly graph: Graph;
  readonly weights: Weights;
  readonly inputName: string;
  readonly classes: number;
  /** Adam's or AdamW's, with PyTorch's other values. */
  readonly learningRate: number;
  /** Given for AdamW. */
  readonly weightDecay?: number;
  /** The batch of a step, counted from 0; every fourth is the same. */
  readonly batch: (step: number) => ReferenceBatch;
}

/** A sine whose frequency grows with i, so that a matrix filled with it has full rank (rows of a plain sine lie in a plane). */
export function chirp(i: number, phase: number): number {
  return Math.sin(0.37 * (i * i) + phase);
}

/** The chirp's phase: what the letters of the name add up to. */
export function phaseOf(name: string): number {
  let sum = 0;
  for (let i = 0; i < name.length; i++) sum += name.charCodeAt(i);
  return sum;
}

/** The number of inputs that one output adds up. */
function fanIn({ name, shape }: Parameter): number {
  if (name.endsWith("/table")) return 2;
  const outputs = name.includes("/depthwise/") ? (shape[2] as number) : (shape.at(-1) as number);
  return shape.reduce((product, dim) => product * dim, 1) / outputs;
}

/**
 * Where an element starts, and how far the chirp takes it. A network of 52 random layers is chaotic: what float32 rounds grows a
 * hundredfold at each step. In the middle of ReLU6, and with quiet residual branches, it is as smooth as a trained one.
 */
function rangeOf(parameter: Parameter): readonly [offset: number, scale: number] {
  const start = fixedStart(parameter);
  if (start === undefined) return [0, Math.sqrt(2 / fanIn(parameter))];
  if (parameter.name.endsWith("/project/norm/gamma")) return [0.3, 0.03];
  if (/(^stem|^top|\/expand|\/depthwise)\/norm\/beta$/.test(parameter.name)) return [2, 0.1];
  return [start, 0.1];
}

function formulaWeights(graph: Graph): Weights {
  return new Map(
    graph.parameters.map((parameter) => {
      const phase = phaseOf(parameter.name);
      const [offset, scale] = rangeOf(parameter);
      const size = parameter.shape.reduce((product, dim) => product * dim, 1);
      return [parameter.name, Float32Array.from({ length: size }, (_, i) => offset + scale * chirp(i, phase))];
    }),
  );
}

/** The adapters' weights, which tools/reference/lora.py has too. PEFT starts B at zero, which would leave A without a gradient. */
export function adapterValues({ parameters }: Graph): Weights {
  return new Map(
    parameters.filter(({ name }) => isAdapter(name)).map(({ name, shape }) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      const [rows = 1, columns = 1] = shape.slice(-2);
      // Of a dense layer A is [rank, in] and B [out, rank]; of a convolution [height, width, in, rank] and [1, 1, rank, out].
      const isA = name.endsWith(adapterA);
      const rank = isA === (shape.length === 2) ? rows : columns;
      const scale = isA ? 1 / Math.sqrt(size / rank) : 0.5 / Math.sqrt(rank);
      return [name, Float32Array.from({ length: size }, (_, i) => scale * chirp(i, phaseOf(name)))];
    }),
  );
}

const period = 4;

/** Stripes whose width goes with the label, under a pattern that is the step's and the example's own. */
export function images(batch: number, imageSize: number, classes: number): ReferenceProblem["batch"] {
  const size = imageSize * imageSize * 3;
  return (step) => {
    const turn = step % period;
    const labels = Int32Array.from({ length: batch }, (_, example) => (3 * example + turn) % classes);
    const data = Float32Array.from({ length: batch * size }, (_, i) => {
      const example = Math.floor(i / size);
      return 0.7 * Math.sin(0.013 * ((labels[example] as number) + 1) * (i % size) + example + turn) + 0.3 * chirp(i, turn);
    });
    return { input: { data, shape: [batch, imageSize, imageSize, 3] }, labels };
  };
}

interface Texts {
  readonly batch: number;
  readonly tokens: number;
  readonly vocabulary: number;
  readonly classes: number;
  /** Every second text ends early. */
  readonly padded: boolean;
  /** 0 by default; no other token has this id. */
  readonly paddingId?: number;
}

/** Every third token is one of the label's eight; the rest is mixed. */
export function texts({ batch, tokens, vocabulary, classes, padded, paddingId = 0 }: Texts): ReferenceProblem["batch"] {
  return (step) => {
    const turn = step % period;
    const labels = Int32Array.from({ length: batch }, (_, example) => (3 * example + turn) % classes);
    const data = Int32Array.from({ length: batch * tokens }, (_, i) => {
      const example = Math.floor(i / tokens);
      const token = i % tokens;
      if (padded && example % 2 === 1 && token >= tokens - 2 - example) return paddingId;
      const id = token % 3 === 0 ? 8 * (labels[example] as number) + (token % 8) : (7 * i * i + 13 * i + 101 * turn) % (vocabulary - 1);
      return id < paddingId ? id : id + 1;
    });
    return { input: { data, shape: [batch, tokens] }, labels };
  };
}

export function smallMobilenetV2(): ReferenceProblem {
  const graph = buildMobilenetV2({ width: 0.35, imageSize: 64, classes: 5 });
  return { graph, weights: formulaWeights(graph), inputName: "images", classes: 5, learningRate: 1e-4, batch: images(4, 64, 5) };
}

export function smallTransformer(norm: "pre" | "post"): ReferenceProblem {
  const graph = buildTransformerEncoder({ layers: 2, width: 32, heads: 4, tokens: 12, vocabulary: 50, classes: 3, norm });
  return { graph, weights: formulaWeights(graph), inputName: "ids", classes: 3, learningRate: 1e-3, batch: texts({ batch: 4, tokens: 12, vocabulary: 50, classes: 3, padded: true }) };
}

/** The size that is measured: all layers of MobileNetV2, 96 px, batches of 16. */
export function benchMobilenetV2(): ReferenceProblem {
  const graph = buildMobilenetV2({ width: 1, imageSize: 96, classes: 10 });
  return { graph, weights: formulaWeights(graph), inputName: "images", classes: 10, learningRate: 1e-4, batch: images(16, 96, 10) };
}

/** The size that is measured: six layers, 64 tokens without padding, batches of 8. */
export function benchTransformer(): ReferenceProblem {
  const graph = buildTransformerEncoder({ layers: 6, width: 256, heads: 4, tokens: 64, vocabulary: 2000, classes: 10 });
  return { graph, weights: formulaWeights(graph), inputName: "ids", classes: 10, learningRate: 1e-4, batch: texts({ batch: 8, tokens: 64, vocabulary: 2000, classes: 10, padded: false }) };
}
