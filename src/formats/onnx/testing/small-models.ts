/** ONNX models of a few nodes, written down in a test, and what onnxruntime and the engine make of them. */
import * as ort from "onnxruntime-web";
import { runExportCase } from "../../testing/run-export-case.ts";
import type { ExportTensor } from "../../testing/export-cases.ts";
import { encodeModel } from "../encode.ts";
import { type AttributeProto, type AttributeValue, dataTypes, type NodeProto, type TensorProto, type ValueInfoProto } from "../messages.ts";
import { readOnnx, type ReadOnnxOptions } from "../read.ts";

type Attribute = number | string | readonly number[] | TensorProto | { readonly float: number };

function valueOf(value: Attribute): AttributeValue {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  if (Array.isArray(value)) return { kind: "ints", value: value as readonly number[] };
  return "float" in value ? { kind: "float", value: value.float } : { kind: "tensor", value: value as TensorProto };
}

export function op(opType: string, inputs: readonly string[], outputs: string | readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): NodeProto {
  const names = typeof outputs === "string" ? [outputs] : outputs;
  return { name: names[0] ?? "", opType, domain: "", inputs, outputs: names, attributes: Object.entries(attributes).map(([name, value]): AttributeProto => ({ name, value: valueOf(value) })) };
}

export const ints = (name: string, values: readonly number[], dims: readonly number[] = [values.length]): TensorProto => ({ name, dims, dataType: dataTypes.int64, data: { kind: "numbers", values: Float64Array.from(values) } });
export const floats = (name: string, values: readonly number[], dims: readonly number[] = [values.length]): TensorProto => ({ name, dims, dataType: dataTypes.float, data: { kind: "numbers", values: Float32Array.from(values) } });

export interface SmallModel {
  readonly nodes: readonly NodeProto[];
  readonly initializers?: readonly TensorProto[];
  /** Name -> shape; floats. */
  readonly inputs?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly opset?: number;
}

/** The file of a model whose output is "y"; of the initializers those that it uses. */
export function fileOf({ nodes, initializers = [], inputs = { x: ["batch", 4] }, opset = 15 }: SmallModel): Uint8Array {
  const declared = Object.entries(inputs).map(([name, shape]): ValueInfoProto => ({ name, elementType: dataTypes.float, shape }));
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return encodeModel({ irVersion: 8, opsetImports: [{ domain: "", version: opset }], graph: { name: "g", nodes, initializers: initializers.filter(({ name }) => used.has(name)), inputs: declared, outputs: [{ name: "y" }] } });
}

/** Waves of an amplitude of 2, which no op takes for one another. */
export function wave(shape: readonly number[], phase = 0): ExportTensor {
  return { shape, dtype: "float32", values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 2 * Math.sin(0.7 * i + phase)) };
}

export async function runFile(file: Uint8Array, inputs: Readonly<Record<string, ExportTensor>>): Promise<ExportTensor> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "fatal";
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  try {
    const { y } = await session.run(Object.fromEntries(Object.entries(inputs).map(([name, { values, shape }]) => [name, new ort.Tensor("float32", values as Float32Array, shape)])));
    if (y === undefined) throw new Error("the model has no output y");
    const values = y.data as Float32Array | Int32Array | BigInt64Array | Uint8Array;
    return y.type === "float32" ? { shape: y.dims, dtype: "float32", values: values as Float32Array } : { shape: y.dims, dtype: "int32", values: Int32Array.from(values as ArrayLike<number>, Number) };
  } finally {
    await session.release();
  }
}

/** @throws what the reader throws. */
export async function runRead(file: Uint8Array, inputs: Readonly<Record<string, ExportTensor>>, options: ReadOnnxOptions = {}): Promise<ExportTensor> {
  const model = readOnnx(file, { imageInputs: "file", ...options });
  const [y] = await runExportCase({ name: "", model, inputs: new Map(Object.entries(inputs).map(([name, tensor]) => [name, tensor])), output: null });
  return y as ExportTensor;
}
