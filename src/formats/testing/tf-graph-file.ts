/** A TensorFlow.js graph model as a converter would write it, from a few nodes: what the reader is tested with. */
import * as tf from "@tensorflow/tfjs";
import type { NodeDef } from "../tfjs-graph/node-def.ts";
import { tensorShape } from "../tfjs-graph/node-def.ts";
import type { TfjsGraphModel } from "../tfjs-graph/write.ts";

const typeNames: Readonly<Record<string, string>> = { float32: "DT_FLOAT", int32: "DT_INT32", bool: "DT_BOOL" };

/** Nodes, and a constant for each tensor. `signature` names outputs. */
export function graphFile(nodes: readonly NodeDef[], constants: Readonly<Record<string, tf.Tensor>>, outputs?: readonly string[]): TfjsGraphModel {
  const entries = Object.entries(constants);
  const consts = entries.map(([name, { shape, dtype }]) => ({ name, op: "Const", attr: { dtype: { type: typeNames[dtype] }, value: { tensor: { dtype: typeNames[dtype], tensorShape: tensorShape(shape) } } } }));
  const bytes = entries.map(([, tensor]) => tensor.dataSync().slice());
  return {
    modelJson: {
      // Consumers before producers, as converters also write them.
      modelTopology: { node: [...nodes, ...consts].reverse(), library: {}, versions: { producer: 1 } },
      weightsManifest: [{ paths: ["w.bin"], weights: entries.map(([name, { shape, dtype }]) => ({ name, shape, dtype })) }],
      ...(outputs && { signature: { outputs: Object.fromEntries(outputs.map((name) => [name, { name }])) } }),
    },
    weightData: tf.io.CompositeArrayBuffer.join(bytes.map(({ buffer, byteOffset, byteLength }) => buffer.slice(byteOffset, byteOffset + byteLength))),
  };
}
