/**
 * A graph that no family describes as a model to start from: which input takes the image or the text, where a new head belongs,
 * and what its blocks are, found by its shapes and names.
 */
import { GraftError } from "../core/errors.ts";
import { formatShape, type Dim } from "../core/shape.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { countWeights } from "../graph/parameters.ts";
import { inferShapes } from "../graph/shapes.ts";
import { bindInput } from "../graph/surgery/bind-input.ts";
import { prune } from "../graph/surgery/prune.ts";
import type { Graph, GraphInput, Model } from "../graph/types.ts";
import { defaultBlocks } from "../graph/unfreeze.ts";
import type { ModelCard } from "../protocol/models.ts";
import type { PixelRange } from "../protocol/recipe.ts";
import { tokenRows } from "./tokenizers/open.ts";
import type { LoadedModel, ModelInput } from "./types.ts";

type TextInput = Extract<ModelInput, { kind: "text" }>;

export interface AdoptOptions {
  /** What a person reads: a file or folder name. */
  readonly name: string;
  /** `ONNX`, `TensorFlow.js layers model` */
  readonly format: string;
  /** Path of the file, for errors. */
  readonly where: string;
  readonly bytes: number;
  /** What an image model of this format was most likely trained on. */
  readonly pixelRange: PixelRange;
  /** For a graph that takes token ids and has a table of `rows` tokens; null where no tokenizer came with it. */
  readonly text: ((rows: number) => Promise<Omit<TextInput, "name" | "kind">>) | null;
}

export interface AdoptedModel {
  readonly card: ModelCard;
  readonly loaded: LoadedModel;
}

/** @throws GraftError if it takes neither one image nor one text, or computes no features of known size. */
export async function adoptModel(model: Model, options: AdoptOptions): Promise<AdoptedModel> {
  const needed = prune(model.graph, [featuresOf(model.graph)]);
  const { graph, input } = (await adaptText(needed, options)) ?? adaptImage(needed, options.where);
  const fixed = needed.inputs.find(({ shape }) => shape[0] !== null);
  if (fixed !== undefined) {
    throw new GraftError({ where: options.where, what: `its input "${fixed.name}" ${formatShape(fixed.shape)} takes no other batch than ${fixed.shape[0] ?? "none"}: the model mixes the examples of a batch`, wanted: "a model that takes any number of examples" });
  }
  const features = graph.outputs[0] as string;
  const adopted: Model = { graph, weights: model.weights };
  const isText = input.kind === "text";
  const size = input.kind === "image" ? input.size : undefined;
  const card: ModelCard = {
    id: `imported-${options.name}`,
    name: options.name,
    tasks: [isText ? "text-classification" : "image-classification"],
    summary: `Your own model, from ${options.format}.`,
    trainedOn: "",
    licence: "Yours to know: Graft cannot tell.",
    source: options.where,
    input: input.kind === "text" ? `Texts, up to ${input.maxTokens} tokens` : `RGB images${size === undefined ? "" : `, ${size} x ${size}`}`,
    goodAt: "",
    limits: isText ? "" : "Check the pixel range in the settings: a model sees little in pixels of another range.",
    parameters: countWeights(graph),
    downloadBytes: options.bytes,
    ...(!isText && { pixelRange: options.pixelRange }),
    origin: "imported",
  };
  return { card, loaded: { model: adopted, features, blocks: defaultBlocks(graph), input, licence: card.licence } };
}

interface Adapted {
  readonly graph: Graph;
  readonly input: ModelInput;
}

/** What exporters call the inputs beside the ids, and what each is for a text without a partner. */
const derived: readonly (readonly [RegExp, (graph: Graph, input: GraphInput, ids: string, paddingId: number) => Graph])[] = [
  [/attention_mask|input_mask/i, (graph, input, ids, paddingId) => bindInput(graph, input.name, (builder, free) => cast(builder.add(free("text/mask"), "paddingMask", [ids], { paddingId }), input, builder, free))],
  [/token_type|segment/i, (graph, input, ids) => bindInput(graph, input.name, (builder, free) => cast(builder.add(free("text/segments"), "subtract", [ids, ids], {}), input, builder, free))],
  [/position/i, (graph, input, ids) => bindInput(graph, input.name, (builder, free) => builder.add(free("text/positions"), "positionIds", [ids], { offset: 0 }))],
];

function cast(value: string, { dtype }: GraphInput, builder: GraphBuilder, free: (name: string) => string): string {
  return builder.add(free(`${value}/cast`), "cast", [value], { dtype });
}

/** A graph of token ids [batch, tokens]; undefined if it is none. */
async function adaptText(graph: Graph, { text, where }: AdoptOptions): Promise<Adapted | undefined> {
  const tokenLike = graph.inputs.filter(({ dtype, shape }) => dtype === "int32" && shape.length === 2);
  const ids = tokenLike.find(({ name }) => /input_ids|^ids$|tokens/i.test(name)) ?? (tokenLike.length === 1 ? tokenLike[0] : undefined);
  if (ids === undefined) return undefined;
  if (text === null) {
    throw new GraftError({ where, what: "it takes token ids, and no tokenizer came with it", wanted: "tokenizer.json, or vocab.txt, or vocab.json with merges.txt", next: "Drop the tokenizer's files together with the model." });
  }
  const tokenizer = await text(tokenRows(graph, ids.name));
  let adapted = graph;
  for (const input of graph.inputs.filter(({ name }) => name !== ids.name)) {
    const rule = derived.find(([name]) => name.test(input.name));
    if (rule === undefined) throw refusedInputs(graph, where);
    adapted = rule[1](adapted, input, ids.name, tokenizer.tokenizer.paddingId);
  }
  adapted = pooled(adapted, ids.name, tokenizer.tokenizer.paddingId);
  const length = ids.shape[1] ?? null;
  return { graph: adapted, input: { kind: "text", name: ids.name, ...tokenizer, maxTokens: Math.min(length ?? Infinity, tokenizer.maxTokens) } };
}

/** A new head reads one vector for each text: the mean over the tokens that are no padding. */
function pooled(graph: Graph, ids: string, paddingId: number): Graph {
  const [output] = graph.outputs as readonly [string];
  if (inferShapes(graph).get(output)?.length !== 3) return graph;
  const builder = new GraphBuilder(graph);
  const mask = builder.add(builder.freeName("pooler/mask"), "paddingMask", [ids], { paddingId });
  return builder.build([builder.add(builder.freeName("pooler/mean"), "maskedMean", [output, mask], {})]);
}

const isColour = (channels: Dim | undefined): boolean => channels === 3 || channels === 1;

/** A graph of one image, channels last or first, colour or grey; it takes RGB [batch, size, size, 3] afterwards. */
function adaptImage(graph: Graph, where: string): Adapted {
  const [image, ...others] = graph.inputs;
  if (!image || others.length > 0 || image.shape.length !== 4) throw refusedInputs(graph, where);
  const channelsFirst = !isColour(image.shape[3]) && isColour(image.shape[1]);
  const [, height, width, channels] = channelsFirst ? [image.shape[0], image.shape[2], image.shape[3], image.shape[1]] : image.shape;
  if (!isColour(channels) || height !== width) throw refusedInputs(graph, where);
  const size = height ?? undefined;
  const input: ModelInput = { kind: "image", name: image.name, size, scaled: true };
  if (channels === 3 && !channelsFirst && image.dtype === "float32") return { graph, input };
  const renamed = `${image.name}/rgb`;
  const adapted = bindInput(graph, image.name, (builder, free) => {
    let value = builder.input(free(renamed), [null, height ?? null, width ?? null, 3], "float32");
    if (channels === 1) {
      // Luma of ITU-R BT.601, as PyTorch's and Keras' loaders make grey images.
      const luma = builder.add(free("input/luma"), "constant", [], { shape: [1, 1, 3, 1], values: [0.299, 0.587, 0.114], dtype: "float32" });
      value = builder.add(free("input/grey"), "conv2d", [value, luma], { strides: [1, 1], dilations: [1, 1], padding: "valid" });
    }
    if (channelsFirst) value = builder.add(free("input/channels_first"), "transpose", [value], { permutation: [0, 3, 1, 2] });
    return image.dtype === "int32" ? builder.add(free("input/integers"), "cast", [value], { dtype: "int32" }) : value;
  });
  return { graph: adapted, input: { ...input, name: adapted.inputs[0]?.name ?? renamed } };
}

function refusedInputs(graph: Graph, where: string): GraftError {
  const inputs = graph.inputs.map(({ name, shape }) => `"${name}" ${formatShape(shape)}`).join(" and ");
  return new GraftError({ where, what: graph.inputs.length === 0 ? "it takes no input" : `it takes ${inputs}`, wanted: "one square image [?, size, size, 3], or token ids [?, tokens]" });
}

/** Activations and the like that may stand between a classifier's layer and the model's output. */
const passed: ReadonlySet<string> = new Set(["softmax", "sigmoid", "add", "reshape", "relu", "tanh", "cast", "mean"]);

/**
 * Where a new head belongs: before the old classifier's dense layer, or its convolution where that gives probabilities, or after
 * everything if there is no classifier.
 */
export function featuresOf(graph: Graph): string {
  const shapes = inferShapes(graph);
  const producers = new Map(graph.nodes.map((node) => [node.name, node]));
  const parameters = new Set(graph.parameters.map(({ name }) => name));
  const output = graph.outputs[0] as string;
  const seen = new Set<string>();
  for (let node = producers.get(output); node; node = producers.get(node.inputs[0] as string)) {
    const [data, kernel] = node.inputs;
    const learns = data !== undefined && kernel !== undefined && parameters.has(kernel);
    if (node.op === "matMul" && learns && shapes.get(data)?.length === 2 && !seen.has("mean")) return data;
    if (node.op === "conv2d" && learns && (seen.has("softmax") || seen.has("sigmoid")) && !seen.has("relu")) return data;
    if (!passed.has(node.op)) break;
    seen.add(node.op);
  }
  return output;
}
