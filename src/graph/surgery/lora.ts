/**
 * Low-rank adapters (LoRA; Hu et al., 2021) beside frozen products, as PEFT computes them: y + alpha / rank * dropout(x) A B. The
 * base stays as it is; merge-lora.ts folds the adapters into it, formats/peft keeps them in files.
 */
import { GraftError } from "../../core/errors.ts";
import type { Rng } from "../../core/rng.ts";
import { sizeOf } from "../../core/shape.ts";
import { GraphBuilder } from "../builder.ts";
import { kernelLayers, matchingLayers, type KernelLayer } from "../kernels.ts";
import { patternTest } from "../patterns.ts";
import type { Graph, Model, WeightValues } from "../types.ts";

export interface LoraOptions {
  /** The width in the middle, at least 1. */
  readonly rank: number;
  /** The adapters' output counts alpha / rank. */
  readonly alpha: number;
  /** Of the adapters' input, while training. 0 leaves it out. */
  readonly dropout: number;
  /** Patterns of layer paths; none means `defaultTargets`. */
  readonly targets: readonly string[];
}

/** Where an adapter's two matrices are, below the layer's path: PEFT's names with slashes. */
export const adapterA = "lora_A/weight";
export const adapterB = "lora_B/weight";

/** Whether a parameter belongs to an adapter. */
export function isAdapter(name: string): boolean {
  return name.endsWith(`/${adapterA}`) || name.endsWith(`/${adapterB}`);
}

/** Queries and values, or what holds both, as upstream models call them: BERT, ViT; DistilBERT; Llama; GPT-2; timm. */
const attentionNames = ["query", "value", "q_lin", "v_lin", "q_proj", "v_proj", "c_attn", "qkv", "query_key_value", "in_proj"];

/** The attention's queries and values (Hu et al., section 4.2); without any, all dense layers; without any, all convolutions. */
function defaultTargets(layers: readonly KernelLayer[]): readonly KernelLayer[] {
  const isAttention = attentionNames.map((name) => patternTest(`**/${name}`));
  const attention = layers.filter(({ path }) => isAttention.some((test) => test(path)));
  const dense = layers.filter(({ products: [{ op }] }) => op === "matMul");
  return [attention, dense].find((some) => some.length > 0) ?? layers;
}

/** Those with a kernel whose update has low rank: dense layers and convolutions that mix all channels, as in PEFT. */
export function adaptableLayers(graph: Graph): readonly KernelLayer[] {
  return kernelLayers(graph).filter(({ kernel, products: [product] }) => {
    if (product.op !== "conv2d") return product.op === "matMul";
    const { groups = 1, dilations } = product.attributes;
    // PEFT's first convolution takes over strides and padding, not dilations, and merges no groups.
    return groups === 1 && dilations.every((dilation) => dilation === 1) && kernel.shape.length === 4;
  });
}

/**
 * -> the same outputs until an adapter's B is trained.
 * @throws GraftError for a pattern that matches no layer that can be adapted, and for a model that has adapters already.
 */
export function insertLora({ graph, weights }: Model, { targets, ...options }: LoraOptions, rng: Rng): Model {
  const all = adaptableLayers(graph);
  const layers = targets.length === 0 ? defaultTargets(all) : matchingLayers(all, targets, "LoRA");
  const adapted = addAdapters(graph, layers, options);
  const values = new Map<string, WeightValues>(weights);
  for (const { name, shape } of adapted.parameters) if (isAdapter(name)) values.set(name, firstValues(name, shape, rng));
  return { graph: adapted, weights: values };
}

/**
 * The graph alone, for given layers. Of a dense layer A is [rank, in] and B [out, rank]; of a convolution A is a kernel [height,
 * width, in, rank] with the layer's strides and padding, B one of [1, 1, rank, out].
 */
export function addAdapters(graph: Graph, layers: readonly KernelLayer[], options: Omit<LoraOptions, "targets">): Graph {
  if (graph.parameters.some(({ name }) => isAdapter(name))) throw new GraftError({ where: "LoRA", what: "the model has adapters already", next: "Merge them first" });
  if (layers.length === 0) throw new GraftError({ where: "LoRA", what: "the model has no dense layer and no convolution that it could adapt", next: "Switch the adapters off" });
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  const layerOf = new Map(layers.flatMap((layer) => layer.products.map((product) => [product.name, layer] as const)));
  for (const layer of layers) {
    const [a, b] = adapterShapes(layer, options.rank);
    builder.parameter(`${layer.path}/${adapterA}`, a);
    builder.parameter(`${layer.path}/${adapterB}`, b);
  }
  const sums = new Map<string, string>();
  const current = (name: string): string => sums.get(name) ?? name;
  for (const node of graph.nodes) {
    builder.add(node.name, node.op, node.inputs.map(current), node.attributes);
    const layer = layerOf.get(node.name);
    if (layer) sums.set(node.name, addAdapter(builder, layer, node.name, current(node.inputs[0] as string), options));
  }
  return builder.build(graph.outputs.map(current));
}

function adapterShapes({ kernel: { shape }, products: [product] }: KernelLayer, rank: number): readonly [a: readonly number[], b: readonly number[]] {
  if (product.op === "matMul") {
    const [inputs, outputs] = (product.attributes.transposeB ? shape.toReversed() : shape) as [number, number];
    return [[rank, inputs], [outputs, rank]];
  }
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  return [[height, width, inputs, rank], [1, 1, rank, outputs]];
}

/** B zero; A Kaiming-uniform with a = sqrt(5), which is +-1 / sqrt(inputs), as PEFT starts them. */
function firstValues(name: string, shape: readonly number[], rng: Rng): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (name.endsWith(`/${adapterB}`)) return values;
  const rank = (shape.length === 2 ? shape[0] : shape.at(-1)) as number;
  const bound = Math.sqrt(rank / values.length);
  const draw = rng.fork(name);
  return values.map(() => (2 * draw.uniform() - 1) * bound);
}

/** The sum of the product and its adapter, which whoever read the product reads now. */
function addAdapter(builder: GraphBuilder, { path, products: [product] }: KernelLayer, base: string, x: string, { rank, alpha, dropout }: Omit<LoraOptions, "targets">): string {
  const name = (part: string): string => builder.freeName(`${path}/lora_${part}`);
  const input = dropout > 0 ? builder.add(name("dropout"), "dropout", [x], { rate: dropout }) : x;
  const [a, b] = [`${path}/${adapterA}`, `${path}/${adapterB}`];
  const isDense = product.op === "matMul";
  const dense = { transposeA: false, transposeB: true };
  const down = isDense ? builder.add(name("down"), "matMul", [input, a], dense) : builder.add(name("down"), "conv2d", [input, a], product.attributes);
  const scale = builder.add(name("scale"), "constant", [], { shape: [], values: [alpha / rank], dtype: "float32" });
  const scaled = builder.add(name("scaled"), "multiply", [down, scale], {});
  const up = isDense ? builder.add(name("up"), "matMul", [scaled, b], dense) : builder.add(name("up"), "conv2d", [scaled, b], { strides: [1, 1], dilations: [1, 1], padding: "valid" });
  return builder.add(name("sum"), "add", [base, up], {});
}
