/** The ONNX project's own node tests, unpacked from goldens/node-tests.bin.gz (tools/reference/onnx-node-tests.mjs), and how one is run through the reader and the engine. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { execute } from "../../../engine/execute.ts";
import { tf, type Tensor } from "../../../engine/tf.ts";
import { decodeModel, decodeTensor } from "../decode.ts";
import { type HostTensor, isFloat } from "../host-tensor.ts";
import type { ModelProto } from "../messages.ts";
import { readOnnx } from "../read.ts";
import { readTensor } from "../tensors.ts";

export interface NodeTest {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly model: ModelProto;
  /** The op that it is about: the graph's only one, or for those that spell a function out, that function's. */
  readonly op: string;
  /** Undefined where one is no tensor of numbers. */
  readonly inputs: readonly HostTensor[] | undefined;
  readonly outputs: readonly HostTensor[] | undefined;
}

type Place = readonly [offset: number, length: number];
interface Index {
  readonly tests: readonly { readonly name: string; readonly model: Place; readonly inputs: readonly Place[]; readonly outputs: readonly Place[] }[];
  readonly leftOut: readonly string[];
}

export function loadNodeTests(): { readonly tests: readonly NodeTest[]; readonly leftOut: readonly string[] } {
  const packed = new Uint8Array(gunzipSync(readFileSync(new URL("../goldens/node-tests.bin.gz", import.meta.url))));
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + length))) as Index;
  const bytesAt = ([offset, size]: Place): Uint8Array => packed.subarray(4 + length + offset, 4 + length + offset + size);
  const tests = index.tests.map(({ name, model, inputs, outputs }) => {
    const bytes = bytesAt(model);
    const proto = decodeModel(bytes);
    return { name, bytes, model: proto, op: opOf(name, proto), inputs: tensors(inputs.map(bytesAt)), outputs: tensors(outputs.map(bytesAt)) };
  });
  return { tests, leftOut: index.leftOut };
}

function opOf(name: string, { graph }: ModelProto): string {
  const ops = new Set(graph.nodes.map(({ domain, opType }) => (domain === "" ? opType : `${domain}.${opType}`)));
  if (ops.size === 1) return [...ops][0] as string;
  return name.endsWith("_expanded") ? "(functions written out)" : "(several)";
}

function tensors(files: readonly Uint8Array[]): readonly HostTensor[] | undefined {
  try {
    return files.map((bytes) => readTensor(decodeTensor(bytes), new Map()));
  } catch {
    // A sequence, an optional, a text.
    return undefined;
  }
}

/** Whether numbers with fractions go in or come out. */
export function isFloatTest({ inputs, outputs }: NodeTest): boolean {
  return inputs !== undefined && outputs !== undefined && [...inputs, ...outputs].some(isFloat);
}

/** What the reader has to know while it reads, by op: shapes, axes, counts. */
const fixed: Readonly<Record<string, readonly number[]>> = {
  Reshape: [1], Expand: [1], Tile: [1], Slice: [1, 2, 3, 4], Squeeze: [1], Unsqueeze: [1], Split: [1], Pad: [1, 2], Resize: [1, 2, 3], Upsample: [1], TopK: [1], OneHot: [1, 2], CumSum: [1], Range: [0, 1, 2],
  ConstantOfShape: [0], Compress: [1], ReverseSequence: [1], Trilu: [1], Dropout: [1, 2], NonZero: [0],
  ReduceSum: [1], DequantizeLinear: [2], QuantizeLinear: [2], QLinearConv: [7], QLinearMatMul: [7], GRU: [4], LSTM: [4], RNN: [4],
};

/** @throws what the reader or the engine throws, or an Error that says how the outputs differ. */
export function runNodeTest(test: NodeTest): void {
  tf.tidy(() => runInScope(test));
}

function runInScope(test: NodeTest): void {
  const { bytes, model, inputs = [], outputs = [], op } = test;
  const names = model.graph.inputs.map(({ name }) => name);
  const isFixed = (index: number): boolean => {
    const position = model.graph.nodes[0]?.inputs.indexOf(names[index] as string) ?? -1;
    return op.startsWith("(") ? inputs[index]?.elementType !== 1 && (inputs[index]?.shape.length ?? 2) < 2 : (fixed[op]?.includes(position) ?? false);
  };
  const fixedInputs = new Map(names.flatMap((name, i) => (isFixed(i) ? [[name, inputs[i] as HostTensor] as const] : [])));
  const { graph, weights } = readOnnx(bytes, { batch: "file", imageInputs: "file", fixedInputs });
  const values = new Map<string, Tensor>();
  const toTensor = ({ shape, values: numbers }: HostTensor, dtype: "float32" | "int32"): Tensor => tf.tensor(dtype === "float32" ? Float32Array.from(numbers) : Int32Array.from(numbers), [...shape], dtype);
  const free = names.flatMap((name, i) => (fixedInputs.has(name) ? [] : [inputs[i] as HostTensor]));
  graph.inputs.forEach(({ name, dtype }, i) => values.set(name, toTensor(free[i] as HostTensor, dtype)));
  for (const { name, shape, dtype } of graph.parameters) values.set(name, tf.tensor(weights.get(name) as Float32Array, [...shape], dtype));
  const results = execute(graph, values);
  for (const [i, want] of outputs.entries()) compare(results.get(graph.outputs[i] as string) as Tensor, want, model.graph.outputs[i]?.name ?? "");
}

/** As the ONNX project compares: relative 1e-3, absolute 1e-7; here 1e-5 absolutely beside, since all floats are of 32 bits. */
function compare(got: Tensor, want: HostTensor, name: string): void {
  if (got.shape.join() !== want.shape.join()) throw new Error(`${name}: shape [${got.shape.join(", ")}], wanted [${want.shape.join(", ")}]`);
  const isInteger = !isFloat(want);
  if (isInteger !== (got.dtype === "int32")) throw new Error(`${name}: it is ${got.dtype}`);
  got.dataSync().forEach((value, i) => {
    const wanted = want.values[i] as number;
    const close = value === wanted || (Number.isNaN(value) && Number.isNaN(wanted)) || Math.abs(value - wanted) <= 1e-5 + 1e-3 * Math.abs(wanted);
    if (!close) throw new Error(`${name}[${i}]: ${value}, wanted ${wanted}`);
  });
}
