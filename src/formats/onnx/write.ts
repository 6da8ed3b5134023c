/**
 * Writes any graph as an ONNX model of standard ops, for inference: dropout is gone, batch norm uses its running statistics. The batch
 * is of any size. Weights have PyTorch's names and layouts, as in model.safetensors.
 */
import { GraftError } from "../../core/errors.ts";
import { type DType, type Shape, sizeOf } from "../../core/shape.ts";
import { inferDTypes, inferShapes } from "../../graph/shapes.ts";
import type { Model } from "../../graph/types.ts";
import { channelsFirst } from "../channels-first/rewrite.ts";
import { toUpstream, type UpstreamTensor } from "../safetensors/upstream.ts";
import { valuesOf } from "../weights.ts";
import { dataTypeOf, Emitter } from "./emitter.ts";
import { encodeModel } from "./encode.ts";
import type { Expansion } from "./expansion.ts";
import { expansions, opsetFor } from "./expansions.ts";
import type { ValueInfoProto } from "./messages.ts";

export interface OnnxOptions {
  /** More precise shapes of inputs, by name. */
  readonly inputShapes?: Readonly<Record<string, Shape>>;
  /** Kept in the file for whoever reads it. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** One protocol buffer message holds no more; ONNX would need a second file for the weights. */
const maxBytes = 2 ** 31 - 1;

/** The first size is the batch's; another that is not known has a name of its own. */
function valueInfo(name: string, shape: Shape, dtype: DType): ValueInfoProto {
  return { name, elementType: dataTypeOf(dtype), shape: shape.map((dim, axis) => dim ?? (axis === 0 ? "batch" : `${name}_${axis}`)) };
}

/** @throws GraftError naming the node that needs a fixed input size, or where the weights are too many for one file. */
export function writeOnnx({ graph, weights }: Model, { inputShapes, metadata = {} }: OnnxOptions = {}): Uint8Array {
  const bytes = 4 * graph.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (bytes > 0.99 * maxBytes) throw new GraftError({ where: "the ONNX file", what: `its weights take ${(bytes / 1e9).toFixed(1)} GB`, wanted: "at most 2 GB, which is what one file can hold", next: "Choose another format" });
  const graphShapes = inferShapes(graph, inputShapes);
  const { nodes, outputs, shapes, parameters } = channelsFirst(graph, graphShapes);
  const dtypes = inferDTypes({ ...graph, nodes, outputs });
  const dtypeOf = (name: string): DType => dtypes.get(name) ?? "float32";

  const opset = opsetFor(nodes);
  const emit = new Emitter(opset);
  for (const { name } of graph.inputs) emit.bind(name, emit.claim(name));
  // What the graph calls its outputs is what they are called, even where the value of that name has its axes in another order.
  const outputNames = graph.outputs.map((name) => emit.claim(name));
  const computed = new Set(nodes.filter(({ op }) => op !== "constant").map(({ name }) => name));
  outputs.forEach((value, i) => {
    if (computed.has(value) && outputs.indexOf(value) === i) emit.bind(value, outputNames[i] as string);
  });
  for (const { name, shape } of graph.parameters) {
    const tensor = parameters.get(name) as UpstreamTensor;
    emit.stored(emit.bind(name, emit.claim(tensor.name)), tensor.shape, toUpstream({ shape, permutation: tensor.permutation }, valuesOf(weights, name)));
  }
  for (const node of nodes) {
    // The table's type ties each expansion to its op's attributes; a union of expansions cannot be called without this.
    const expand = expansions[node.op] as (node: Omit<Expansion<never>, "attributes"> & { readonly attributes: unknown }) => void;
    expand({ name: node.name, attributes: node.attributes, inputs: node.inputs.map((name) => emit.nameOf(name)), shapes: node.inputs.map((name) => shapes.get(name) ?? []), dtypes: node.inputs.map(dtypeOf), emit });
  }
  outputs.forEach((value, i) => {
    const [from, to] = [emit.nameOf(value), outputNames[i] as string];
    if (from !== to) emit.pass(from, to);
  });

  return encodeModel({
    irVersion: 8,
    opsetImports: [{ domain: "", version: opset }],
    producerName: "Graft",
    metadata: new Map(Object.entries(metadata)),
    graph: {
      name: "graft",
      nodes: emit.nodes,
      initializers: emit.initializers,
      inputs: graph.inputs.map(({ name, dtype }) => valueInfo(emit.nameOf(name), graphShapes.get(name) ?? [], dtype)),
      outputs: outputs.map((value, i) => valueInfo(outputNames[i] as string, shapes.get(value) ?? [], dtypeOf(value))),
    },
  });
}
