/**
 * Reads safetensors: an 8-byte length, a JSON header, the values. The header is somebody else's claim, so every offset is
 * checked before use. Format: huggingface.co/docs/safetensors.
 */
import { GraftError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { WeightValues } from "../../graph/types.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "../half-floats.ts";
import { JsonCursor } from "../json-cursor.ts";

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: WeightValues;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** What a header says of one tensor; `begin` and `end` count from the start of the file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Makes values of a copy of their bytes. Floats become float32, integers and booleans int32. */
const decoders: ReadonlyMap<string, { readonly bytes: number; readonly decode: (buffer: ArrayBuffer) => WeightValues }> = new Map([
  ["F64", { bytes: 8, decode: (buffer) => Float32Array.from(new Float64Array(buffer)) }],
  ["F32", { bytes: 4, decode: (buffer) => new Float32Array(buffer) }],
  ["F16", { bytes: 2, decode: (buffer) => float16ToFloat32(new Uint16Array(buffer)) }],
  ["BF16", { bytes: 2, decode: (buffer) => bfloat16ToFloat32(new Uint16Array(buffer)) }],
  ["I64", { bytes: 8, decode: (buffer) => narrowed(new BigInt64Array(buffer)) }],
  ["I32", { bytes: 4, decode: (buffer) => new Int32Array(buffer) }],
  ["I16", { bytes: 2, decode: (buffer) => Int32Array.from(new Int16Array(buffer)) }],
  ["I8", { bytes: 1, decode: (buffer) => Int32Array.from(new Int8Array(buffer)) }],
  ["U8", { bytes: 1, decode: (buffer) => Int32Array.from(new Uint8Array(buffer)) }],
  ["BOOL", { bytes: 1, decode: (buffer) => Int32Array.from(new Uint8Array(buffer), (byte) => Math.min(byte, 1)) }],
]);

/** @throws GraftError for a number that int32 does not hold. */
function narrowed(values: BigInt64Array): Int32Array {
  return Int32Array.from(values, (value) => {
    const number = Number(value);
    if (number !== (number | 0)) throw new GraftError({ what: `it holds the number ${value}`, wanted: "whole numbers of at most 32 bits" });
    return number;
  });
}

/** `where` names the file in errors. */
export function readSafetensors(bytes: Uint8Array, where = "the safetensors file"): Safetensors {
  const headerLength = readHeaderLength(bytes, bytes.byteLength, where);
  const { tensors, metadata } = parseHeader(bytes.subarray(8, 8 + headerLength), bytes.byteLength, where);
  return { tensors: new Map([...tensors].map(([name, entry]) => [name, decodeTensor(entry, bytes.slice(entry.begin, entry.end).buffer, where)])), metadata };
}

/** The header alone, so that of a large file only the tensors that are needed have to be in memory. */
export async function readSafetensorsHeader(file: Blob, where: string): Promise<SafetensorsHeader> {
  const headerLength = readHeaderLength(new Uint8Array(await file.slice(0, 8).arrayBuffer()), file.size, where);
  return parseHeader(new Uint8Array(await file.slice(8, 8 + headerLength).arrayBuffer()), file.size, where);
}

/** @param buffer the bytes from `begin` to `end`, which the result may keep. */
export function decodeTensor({ name, dtype, shape }: TensorEntry, buffer: ArrayBuffer, where: string): StoredTensor {
  const decoder = decoders.get(dtype);
  if (decoder === undefined) throw new Error(`The type ${dtype} passed the header's check.`);
  try {
    return { shape, values: decoder.decode(buffer) };
  } catch (error) {
    throw error instanceof GraftError ? new GraftError({ ...error.sentence, where: `${where}, "${name}"` }) : error;
  }
}

function readHeaderLength(start: Uint8Array, fileBytes: number, where: string): number {
  if (start.byteLength < 8) throw broken(where, `it has ${start.byteLength} bytes, too few for a header`);
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(fileBytes - 8)) throw broken(where, `its header claims ${length} bytes, the file has ${fileBytes - 8} after the length`);
  return Number(length);
}

function parseHeader(bytes: Uint8Array, fileBytes: number, where: string): SafetensorsHeader {
  const header = new JsonCursor(parseJson(bytes, `${where}, header`), `${where}, header`);
  const dataStart = 8 + bytes.byteLength;
  const tensors = new Map<string, TensorEntry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, entry] of header.entries()) {
    if (name === "__metadata__") metadata = new Map(entry.entries().map(([key, value]) => [key, value.string()]));
    else tensors.set(name, readEntry(entry, { name, dataStart, dataBytes: fileBytes - dataStart, where }));
  }
  refuseOverlap([...tensors.values()], where);
  return { tensors, metadata };
}

function readEntry(entry: JsonCursor, { name, dataStart, dataBytes, where }: { readonly name: string; readonly dataStart: number; readonly dataBytes: number; readonly where: string }): TensorEntry {
  const dtype = entry.get("dtype").string();
  const decoder = decoders.get(dtype);
  if (decoder === undefined) throw entry.get("dtype").wrong(`one of ${[...decoders.keys()].join(", ")}`);
  const shape = entry.get("shape").integers(0);
  const offsets = entry.get("data_offsets").integers(0);
  const [begin = 0, end = 0] = offsets;
  if (offsets.length !== 2 || end < begin || end > dataBytes) throw broken(where, `"${name}" claims bytes ${offsets.join(" to ")} of ${dataBytes}`);
  const wanted = sizeOf(shape) * decoder.bytes;
  if (wanted !== end - begin) throw broken(where, `"${name}" of shape ${formatShape(shape)} and type ${dtype} needs ${wanted} bytes and has ${end - begin}`);
  return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

function refuseOverlap(entries: readonly TensorEntry[], where: string): void {
  const ranges = entries.filter(({ begin, end }) => end > begin).sort((a, b) => a.begin - b.begin);
  ranges.forEach((range, i) => {
    const previous = ranges[i - 1];
    if (previous !== undefined && range.begin < previous.end) throw broken(where, `the bytes of "${previous.name}" and "${range.name}" overlap`);
  });
}

function broken(where: string, what: string): GraftError {
  return new GraftError({ where, what, next: "The file is damaged or cut off; get it again." });
}
