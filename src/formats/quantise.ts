/**
 * Weights in eight bits for a smaller download: of each kernel and table, one scale for each output channel and whole numbers of -127
 * to 127 (symmetric, round to nearest). Products are still computed in float32; nothing is quantised while training.
 */
import { sizeOf } from "../core/shape.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, GraphNode, Model, Parameter, Weights, WeightValues } from "../graph/types.ts";
import type { StoredTensor } from "./safetensors/read.ts";
import type { WritableTensor } from "./safetensors/write.ts";
import { valuesOf } from "./weights.ts";

/** In smaller tensors, scales and rounding cost more than the bytes are worth. */
const minimumSize = 1024;
const largest = 127;
const scaleSuffix = ".scale";

export interface QuantisedTensor {
  readonly shape: readonly number[];
  readonly values: Int8Array;
  /** The tensor's rank, with 1 where all elements along an axis share their scale. */
  readonly scaleShape: readonly number[];
  readonly scale: Float32Array;
}

type StoredInt8 = Omit<QuantisedTensor, "values" | "scale"> & { readonly values: ArrayLike<number>; readonly scale: ArrayLike<number> };

/** Parameter name -> its eight bits, for every kernel and table that is large enough. */
export function quantise({ graph, weights }: Model): ReadonlyMap<string, QuantisedTensor> {
  const channels = outputAxes(graph);
  const result = new Map<string, QuantisedTensor>();
  for (const { name, shape } of graph.parameters) {
    const axes = channels.get(name);
    const values = weights.get(name);
    if (!axes || !(values instanceof Float32Array) || sizeOf(shape) < minimumSize) continue;
    const tensor = quantiseTensor(values, shape, axes);
    if (tensor) result.set(name, tensor);
  }
  return result;
}

/** The weights that the eight bits stand for; what is not quantised is as it was. */
export function dequantised(weights: Weights, quantised: ReadonlyMap<string, QuantisedTensor>): Weights {
  return new Map(
    [...weights].map(([name, values]): [string, WeightValues] => {
      const tensor = quantised.get(name);
      return [name, (tensor && restored(tensor)) ?? values];
    }),
  );
}

function restored({ shape, values, scaleShape, scale }: StoredInt8): Float32Array | undefined {
  const channels = channelsOf(shape, scaleShape);
  if (channels === null) return undefined;
  const { inner, count } = channels;
  const result = new Float32Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = (values[i] as number) * (scale[Math.floor(i / inner) % count] as number);
  return result;
}

/**
 * A graph whose quantised parameters hold whole numbers and are multiplied by `<name>/int8_scale` where they are read, for formats
 * that store bytes but no scale for each channel. Rows of a table are looked up first and then scaled.
 */
export function scaledGraph({ graph, weights }: Model, quantised: ReadonlyMap<string, QuantisedTensor>): Model {
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  const values = new Map(weights);
  const scaleOf = new Map<string, string>();
  for (const [name, tensor] of quantised) {
    const scale = builder.parameter(builder.freeName(`${name}/int8_scale`), tensor.scaleShape);
    scaleOf.set(name, scale);
    values.set(name, Float32Array.from(tensor.values));
    values.set(scale, tensor.scale);
  }
  const kernels = new Map<string, string>();
  const scaledKernel = (name: string): string => {
    const scale = scaleOf.get(name);
    if (scale === undefined) return name;
    const known = kernels.get(name) ?? builder.add(builder.freeName(`${name}/scaled`), "multiply", [name, scale], {});
    kernels.set(name, known);
    return known;
  };
  for (const node of graph.nodes) {
    const [table = "", ids = ""] = node.inputs;
    const scale = node.op === "embedding" ? scaleOf.get(table) : undefined;
    if (scale === undefined) builder.add(node.name, node.op, node.inputs.map(scaledKernel), node.attributes);
    else {
      const rows = builder.add(builder.freeName(`${node.name}/rows`), "embedding", [table, ids], {});
      const scales = builder.add(builder.freeName(`${node.name}/scales`), "embedding", [scale, ids], {});
      builder.add(node.name, "multiply", [rows, scales], {});
    }
  }
  return { graph: builder.build(graph.outputs), weights: values };
}

/** Parameter name -> the axes of its output channels, where all that read it agree. */
function outputAxes(graph: Graph): ReadonlyMap<string, readonly number[]> {
  const parameters = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
  const found = new Map<string, readonly number[] | null>(graph.outputs.map((name) => [name, null]));
  for (const node of graph.nodes) {
    node.inputs.forEach((name, position) => {
      const parameter = parameters.get(name);
      if (!parameter) return;
      const axes = axesOf(node, position, parameter);
      const known = found.get(name);
      found.set(name, known === undefined || known?.join() === axes?.join() ? axes : null);
    });
  }
  return new Map([...found].filter((entry): entry is [string, readonly number[]] => entry[1] !== null));
}

function axesOf(node: GraphNode, position: number, { shape }: Parameter): readonly number[] | null {
  switch (node.op) {
    case "matMul":
      return position === 1 && shape.length === 2 ? [node.attributes.transposeB ? 0 : 1] : null;
    case "conv2d":
      return position === 1 ? [3] : null;
    case "convTranspose2d":
      return position === 1 ? [2] : null;
    case "depthwiseConv2d":
      return position === 1 ? [2, 3] : null;
    // A row is what comes out; the same table as a transposed kernel then has the same scales.
    case "embedding":
      return position === 0 ? [0] : null;
    default:
      return null;
  }
}

function quantiseTensor(values: Float32Array, shape: readonly number[], axes: readonly number[]): QuantisedTensor | null {
  const scaleShape = shape.map((dim, axis) => (axes.includes(axis) ? dim : 1));
  const channels = channelsOf(shape, scaleShape);
  if (channels === null) return null;
  const { inner, count } = channels;
  const scale = new Float32Array(count);
  const channelOf = (i: number): number => Math.floor(i / inner) % count;
  for (let i = 0; i < values.length; i++) {
    const channel = channelOf(i);
    scale[channel] = Math.max(scale[channel] as number, Math.abs(values[i] as number) / largest);
  }
  const result = new Int8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const steps = Math.round((values[i] as number) / ((scale[channelOf(i)] as number) || 1));
    result[i] = Math.max(-largest, Math.min(largest, steps));
  }
  return { shape, scaleShape, scale, values: result };
}

/** Where an element's scale is: those of axes in a row, from the first that has several scales to the last. */
function channelsOf(shape: readonly number[], scaleShape: readonly number[]): { readonly inner: number; readonly count: number } | null {
  const last = scaleShape.findLastIndex((dim) => dim !== 1);
  const first = scaleShape.findIndex((dim) => dim !== 1);
  const isRow = scaleShape.length === shape.length && scaleShape.every((dim, axis) => dim === (axis >= first && axis <= last && first >= 0 ? shape[axis] : 1));
  return isRow ? { inner: sizeOf(shape.slice(last + 1)), count: sizeOf(scaleShape) } : null;
}

/** As `writeSafetensors` takes them: `<name>` in eight bits beside `<name>.scale`, which it is multiplied by; the rest as it is. */
export function int8Tensors({ graph, weights }: Model, quantised: ReadonlyMap<string, QuantisedTensor>): ReadonlyMap<string, WritableTensor> {
  return new Map(
    graph.parameters.flatMap(({ name, shape }): [string, WritableTensor][] => {
      const tensor = quantised.get(name);
      if (!tensor) return [[name, { shape, values: valuesOf(weights, name) }]];
      return [[name, tensor], [`${name}${scaleSuffix}`, { shape: tensor.scaleShape, values: tensor.scale }]];
    }),
  );
}

/** The values of a parameter out of such a file, or undefined where it is not there in the right size. */
export function valuesFromInt8(tensors: ReadonlyMap<string, StoredTensor>, { name, shape }: Parameter): WeightValues | undefined {
  const stored = tensors.get(name);
  const scale = tensors.get(`${name}${scaleSuffix}`);
  if (stored?.values.length !== sizeOf(shape)) return undefined;
  if (scale === undefined) return stored.values;
  return restored({ shape, values: stored.values, scaleShape: scale.shape, scale: scale.values });
}
