/** Writes any graph as a TensorFlow.js graph model that plain `tf.loadGraphModel` loads. The result is for inference: dropout is gone, batch norm uses its running statistics. */
import type { DType, Shape } from "../../core/shape.ts";
import { inferDTypes, inferShapes } from "../../graph/shapes.ts";
import type { Model } from "../../graph/types.ts";
import { valuesOf } from "../weights.ts";
import { Emitter, type StoredConstant } from "./emitter.ts";
import { expansions } from "./expand.ts";
import type { Expansion } from "./expansion.ts";
import { dtypeName, tensorShape } from "./node-def.ts";

export interface TfjsGraphOptions {
  /** More precise shapes of inputs, by name; attention and positions need a fixed number of tokens. The batch stays free. */
  readonly inputShapes?: Readonly<Record<string, Shape>>;
  /** Kept in model.json for whoever reads it. */
  readonly userDefinedMetadata?: Readonly<Record<string, unknown>>;
  /** Parameters whose values are whole numbers of -127 to 127, to be stored in a byte each; see formats/quantise.ts. */
  readonly int8?: ReadonlySet<string>;
  /** File name of the weights beside model.json. */
  readonly weightsPath?: string;
}

export interface TfjsGraphModel {
  readonly modelJson: Readonly<Record<string, unknown>>;
  readonly weightData: ArrayBuffer;
}

export function writeTfjsGraph({ graph, weights }: Model, { inputShapes = {}, userDefinedMetadata, int8 = new Set(), weightsPath = "weights.bin" }: TfjsGraphOptions = {}): TfjsGraphModel {
  const shapes = inferShapes(graph, inputShapes);
  const dtypes = inferDTypes(graph);
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const dtypeOf = (name: string): DType => dtypes.get(name) ?? "float32";

  const emit = new Emitter(graph);
  for (const { name, dtype } of graph.inputs) emit.placeholder(name, shapeOf(name), dtype);
  for (const { name, shape, dtype } of graph.parameters) emit.stored(name, shape, dtype, valuesOf(weights, name), int8.has(name));
  for (const node of graph.nodes) {
    // The table's type ties each expansion to its op's attributes; a union of expansions cannot be called without this.
    const expand = expansions[node.op] as (node: Omit<Expansion<never>, "attributes"> & { readonly attributes: unknown }) => void;
    expand({ name: node.name, attributes: node.attributes, inputs: node.inputs.map((name) => emit.nameOf(name)), shapes: node.inputs.map(shapeOf), dtypes: node.inputs.map(dtypeOf), emit });
  }

  const signatureOf = (names: readonly string[]): unknown =>
    Object.fromEntries(names.map((name) => [emit.nameOf(name), { name: emit.nameOf(name), dtype: dtypeName(dtypeOf(name)), tensorShape: tensorShape(shapeOf(name)) }]));
  const modelJson = {
    format: "graph-model",
    generatedBy: "Graft",
    signature: { inputs: signatureOf(graph.inputs.map(({ name }) => name)), outputs: signatureOf(graph.outputs) },
    modelTopology: { node: emit.nodes, library: {}, versions: { producer: 1087 } },
    weightsManifest: [{ paths: [weightsPath], weights: emit.constants.map(({ name, shape, dtype, isInt8 }) => ({ name, shape, dtype, ...(isInt8 && { quantization: int8Storage }) })) }],
    ...(userDefinedMetadata === undefined ? {} : { userDefinedMetadata }),
  };
  return { modelJson, weightData: joinValues(emit.constants) };
}

/** What TensorFlow.js reads back as byte * scale + min. */
const int8Storage = { dtype: "uint8", scale: 1, min: -127 };

function bytesOf({ values, isInt8 }: StoredConstant): Uint8Array {
  return isInt8 ? Uint8Array.from(values, (value) => value - int8Storage.min) : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function joinValues(constants: readonly StoredConstant[]): ArrayBuffer {
  const parts = constants.map(bytesOf);
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes.buffer;
}
