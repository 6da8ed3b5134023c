/**
 * Reads safetensors: an 8-byte length, a JSON header, the values. The header is somebody else's claim, so every offset is
 * checked before use. Format: huggingface.co/docs/safetensors.
 */
import { GraftError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { WeightValues } from "../../graph/types.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "../half-floats.ts";
import { JsonCursor, parseJson } from "../json-cursor.ts";

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: WeightValues;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Makes values of a copy of their bytes. Sixteen-bit floats become float32. */
const decoders: ReadonlyMap<string, { readonly bytes: number; readonly decode: (buffer: ArrayBuffer) => WeightValues }> = new Map([
  ["F32", { bytes: 4, decode: (buffer) => new Float32Array(buffer) }],
  ["I32", { bytes: 4, decode: (buffer) => new Int32Array(buffer) }],
  ["F16", { bytes: 2, decode: (buffer) => float16ToFloat32(new Uint16Array(buffer)) }],
  ["BF16", { bytes: 2, decode: (buffer) => bfloat16ToFloat32(new Uint16Array(buffer)) }],
]);

/** `where` names the file in errors. */
export function readSafetensors(bytes: Uint8Array, where = "the safetensors file"): Safetensors {
  if (bytes.byteLength < 8) throw broken(where, `it has ${bytes.byteLength} bytes, too few for a header`);
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (headerLength > BigInt(bytes.byteLength - 8)) throw broken(where, `its header claims ${headerLength} bytes, the file has ${bytes.byteLength - 8} after the length`);
  const dataStart = 8 + Number(headerLength);
  const header = new JsonCursor(parseJson(bytes.subarray(8, dataStart), `${where}, header`), `${where}, header`);
  const data = bytes.subarray(dataStart);

  const tensors = new Map<string, StoredTensor>();
  const ranges: { readonly name: string; readonly begin: number; readonly end: number }[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, entry] of header.entries()) {
    if (name === "__metadata__") {
      metadata = new Map(entry.entries().map(([key, value]) => [key, value.string()]));
      continue;
    }
    const { tensor, begin, end } = readTensor(entry, data, where, name);
    tensors.set(name, tensor);
    if (end > begin) ranges.push({ name, begin, end });
  }

  ranges.sort((a, b) => a.begin - b.begin);
  ranges.forEach((range, i) => {
    const previous = ranges[i - 1];
    if (previous !== undefined && range.begin < previous.end) throw broken(where, `the bytes of "${previous.name}" and "${range.name}" overlap`);
  });
  return { tensors, metadata };
}

function readTensor(entry: JsonCursor, data: Uint8Array, where: string, name: string): { readonly tensor: StoredTensor; readonly begin: number; readonly end: number } {
  const dtype = entry.get("dtype").string();
  const decoder = decoders.get(dtype);
  if (decoder === undefined) throw entry.get("dtype").wrong(`one of ${[...decoders.keys()].join(", ")}`);
  const shape = entry.get("shape").integers(0);
  const offsets = entry.get("data_offsets").integers(0);
  const [begin = 0, end = 0] = offsets;
  if (offsets.length !== 2 || end < begin || end > data.byteLength) throw broken(where, `"${name}" claims bytes ${offsets.join(" to ")} of ${data.byteLength}`);
  const wanted = sizeOf(shape) * decoder.bytes;
  if (wanted !== end - begin) throw broken(where, `"${name}" of shape ${formatShape(shape)} and type ${dtype} needs ${wanted} bytes and has ${end - begin}`);
  return { tensor: { shape, values: decoder.decode(data.slice(begin, end).buffer) }, begin, end };
}

function broken(where: string, what: string): GraftError {
  return new GraftError({ where, what, next: "The file is damaged or cut off; get it again." });
}
