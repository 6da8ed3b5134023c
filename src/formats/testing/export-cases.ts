/**
 * What every writer of other people's formats is tried on: each op alone, on the inputs that PyTorch has computed, and whole small
 * models. For tests and for tools/reference/exports.ts.
 */
import { opCases } from "../../engine/ops/describe-op.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { DType } from "../../core/shape.ts";
import type { Model, OpName, WeightValues } from "../../graph/types.ts";
import { checkpointCases, checkpointProblem } from "../../models/testing/checkpoint-problems.ts";
import { smallMobilenetV2, smallTransformer, type ReferenceProblem } from "../../models/testing/reference-problems.ts";

export interface ExportTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: WeightValues;
}

export interface ExportCase {
  readonly name: string;
  readonly model: Model;
  readonly inputs: ReadonlyMap<string, ExportTensor>;
  /** As PyTorch has it; a model's is the engine's business. */
  readonly output: ExportTensor | null;
}

/** Positions of the inputs that are weights. The others are computed as the model runs. */
const weightPositions: Partial<Record<OpName, readonly number[]>> = {
  conv2d: [1],
  depthwiseConv2d: [1],
  convTranspose2d: [1],
  embedding: [0],
  batchNorm: [1, 2, 3, 4],
  layerNorm: [1, 2],
  rmsNorm: [1],
};

function tensorOf({ shape, dtype, values }: { readonly shape: readonly number[]; readonly dtype: DType; readonly values: readonly number[] }): ExportTensor {
  return { shape, dtype, values: dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values) };
}

/** Fused activations are for execution alone. */
const isFused = (attributes: unknown): boolean => (attributes as { readonly activation?: unknown }).activation !== undefined;

/** Each golden case of the ops in evaluation mode as a graph of one node, with a batch of any size. */
export function opExportCases(): readonly ExportCase[] {
  return opCases
    .filter(({ training, attributes }) => !training && !isFused(attributes))
    .map(({ name, op, attributes, inputs, output }) => {
      const builder = new GraphBuilder();
      const weights = new Map<string, WeightValues>();
      const fed = new Map<string, ExportTensor>();
      const names = inputs.map((input, position) => {
        const tensor = tensorOf(input);
        if (!weightPositions[op]?.includes(position)) {
          fed.set(`x${position}`, tensor);
          return builder.input(`x${position}`, tensor.shape.map((dim, axis) => (axis === 0 && dim > 1 ? null : dim)), tensor.dtype);
        }
        weights.set(`layer/weight_${position}`, tensor.values);
        return builder.parameter(`layer/weight_${position}`, tensor.shape, { dtype: tensor.dtype });
      });
      const graph = builder.build([builder.add("layer/out", op, names, attributes as never)]);
      return { name: `${op}: ${name}`, model: { graph, weights }, inputs: fed, output: tensorOf(output) };
    });
}

function problemCase(name: string, { graph, weights, inputName, batch }: ReferenceProblem): ExportCase {
  const { data, shape } = batch(0).input;
  return { name, model: { graph, weights }, inputs: new Map([[inputName, { shape, dtype: data instanceof Int32Array ? "int32" : "float32", values: data }]]), output: null };
}

export function modelExportCases(): readonly ExportCase[] {
  const own = [problemCase("mobilenet-v2", smallMobilenetV2()), problemCase("transformer-pre", smallTransformer("pre")), problemCase("transformer-post", smallTransformer("post"))];
  return [...own, ...checkpointCases.map((golden) => problemCase(`checkpoint-${golden.name.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase()}`, checkpointProblem(golden)))];
}
