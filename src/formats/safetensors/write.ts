/** Writes safetensors: float32, int32 and int8. Format: huggingface.co/docs/safetensors. */
import type { WeightValues } from "../../graph/types.ts";

export interface WritableTensor {
  readonly shape: readonly number[];
  readonly values: WeightValues | Int8Array;
}

function dtypeOf(values: WritableTensor["values"]): string {
  if (values instanceof Int8Array) return "I8";
  return values instanceof Float32Array ? "F32" : "I32";
}

/** The header is padded with spaces to a multiple of 8 bytes, so that the values are aligned for who maps the file. */
export function writeSafetensors(tensors: ReadonlyMap<string, WritableTensor>, metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  // Pairs, not an object literal: a tensor may be named __proto__.
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const end = offset + values.byteLength;
    entries.push([name, { dtype: dtypeOf(values), shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerLength = Math.ceil(header.byteLength / 8) * 8;

  const bytes = new Uint8Array(8 + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(header, 8);
  let position = 8 + headerLength;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
  return bytes;
}
