/**
 * Parameters as PyTorch stores them: names with dots, kernels of convolutions with their channels first. Which parameter is a
 * kernel, the graph's ops tell. It neither renames weights to what a family calls them, nor reads or writes a file.
 */
import { GraftError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Graph, Parameter, Weights, WeightValues } from "../../graph/types.ts";
import { valuesOf } from "../weights.ts";
import type { StoredTensor } from "./read.ts";

export interface UpstreamTensor {
  /** `encoder.layer.0.query.weight` */
  readonly name: string;
  readonly shape: readonly number[];
  /** Of the graph's axes, where the two layouts differ. */
  readonly permutation?: readonly number[];
}

/** conv2d [h, w, in, out] -> [out, in, h, w]; convTranspose2d [h, w, out, in] -> [in, out, h, w] */
export const kernelPermutation: readonly number[] = [3, 2, 0, 1];
/** [h, w, channels, multiplier] -> [channels, multiplier, h, w], which is [channels * multiplier, 1, h, w] in memory. */
export const depthwisePermutation: readonly number[] = [2, 3, 0, 1];

type Layout = "as it is" | "kernel" | "depthwise kernel";

function layoutWhere(op: string, position: number): Layout {
  if (position !== 1) return "as it is";
  if (op === "conv2d" || op === "convTranspose2d") return "kernel";
  return op === "depthwiseConv2d" ? "depthwise kernel" : "as it is";
}

/** Parameter name -> its layout; one that is used in two ways stays as it is. */
function layouts(graph: Graph): ReadonlyMap<string, Layout> {
  const found = new Map<string, Layout>();
  for (const { op, inputs } of graph.nodes) {
    inputs.forEach((input, position) => {
      const layout = layoutWhere(op, position);
      found.set(input, (found.get(input) ?? layout) === layout ? layout : "as it is");
    });
  }
  for (const output of graph.outputs) found.set(output, "as it is");
  return found;
}

function upstreamTensor({ name, shape }: Parameter, layout: Layout): UpstreamTensor {
  const dotted = name.replaceAll("/", ".");
  if (layout === "as it is" || shape.length !== 4) return { name: dotted, shape };
  const permutation = layout === "kernel" ? kernelPermutation : depthwisePermutation;
  const [first, second, height, width] = permutation.map((axis) => shape[axis] as number) as [number, number, number, number];
  return { name: dotted, permutation, shape: layout === "kernel" ? [first, second, height, width] : [first * second, 1, height, width] };
}

/** Parameter name -> what PyTorch has in its place. Names that differ only in their dots and slashes are told apart by a number. */
export function upstreamTensors(graph: Graph): ReadonlyMap<string, UpstreamTensor> {
  const layoutOf = layouts(graph);
  const taken = new Set<string>();
  return new Map(
    graph.parameters.map((parameter) => {
      const tensor = upstreamTensor(parameter, layoutOf.get(parameter.name) ?? "as it is");
      let { name } = tensor;
      for (let i = 1; taken.has(name); i++) name = `${tensor.name}_${i}`;
      taken.add(name);
      return [parameter.name, { ...tensor, name }];
    }),
  );
}

/** Row-major values with their axes in another order; `shape` is theirs before. */
function permuted(values: WeightValues, shape: readonly number[], permutation: readonly number[]): WeightValues {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const [sizes, steps] = [permutation.map((axis) => shape[axis] as number), permutation.map((axis) => strides[axis] as number)];
  const result = values instanceof Float32Array ? new Float32Array(values.length) : new Int32Array(values.length);
  const index = sizes.map(() => 0);
  let source = 0;
  for (let target = 0; target < result.length; target++) {
    result[target] = values[source] as number;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      source += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== sizes[axis]) break;
      source -= (steps[axis] as number) * (sizes[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}

/** One parameter's values as PyTorch stores them. */
export function toUpstream({ shape, permutation }: { readonly shape: readonly number[]; readonly permutation?: readonly number[] | undefined }, values: WeightValues): WeightValues {
  return permutation === undefined ? values : permuted(values, shape, permutation);
}

/** The inverse of `toUpstream`; `shape` is the graph's. */
export function fromUpstream({ shape, permutation }: { readonly shape: readonly number[]; readonly permutation?: readonly number[] | undefined }, values: WeightValues): WeightValues {
  if (permutation === undefined) return values;
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return permuted(values, permutation.map((axis) => shape[axis] as number), inverse);
}

/** All parameters with their values, as `writeSafetensors` takes them. */
export function upstreamTensorsOf(graph: Graph, weights: Weights): ReadonlyMap<string, StoredTensor> {
  const upstream = upstreamTensors(graph);
  return new Map(
    graph.parameters.map(({ name, shape }) => {
      const tensor = upstream.get(name) as UpstreamTensor;
      return [tensor.name, { shape: tensor.shape, values: toUpstream({ shape, permutation: tensor.permutation }, valuesOf(weights, name)) }];
    }),
  );
}

/**
 * The graph's weights out of a file that `upstreamTensorsOf` made, or that PyTorch saved of the same model.
 * @throws GraftError naming a tensor that is missing or has another shape.
 */
export function weightsFromUpstream(graph: Graph, tensors: ReadonlyMap<string, StoredTensor>, where: string): Weights {
  const upstream = upstreamTensors(graph);
  return new Map(
    graph.parameters.map((parameter) => {
      const { name, shape, permutation } = upstream.get(parameter.name) as UpstreamTensor;
      const stored = tensors.get(name);
      if (stored === undefined) throw new GraftError({ where, what: `the tensor "${name}" is missing` });
      if (stored.shape.join() !== shape.join()) throw new GraftError({ where, what: `the tensor "${name}" has the shape ${formatShape(stored.shape)}`, wanted: formatShape(shape) });
      return [parameter.name, fromUpstream({ shape: parameter.shape, permutation }, stored.values)];
    }),
  );
}
