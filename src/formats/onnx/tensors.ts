/** TensorProto -> a tensor in memory: every element type that Graft takes, and bytes that lie in another file. */
import { GraftError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "../half-floats.ts";
import { type HostTensor, type HostValues, product } from "./host-tensor.ts";
import { dataTypes, type TensorProto } from "./messages.ts";

/** File name as the model says it -> its bytes. */
export type ExternalData = ReadonlyMap<string, Uint8Array>;

const names = new Map<number, string>(Object.entries(dataTypes).map(([name, type]) => [type, name]));

export function typeName(elementType: number): string {
  return names.get(elementType) ?? `type ${elementType}`;
}

const bits = new Map<number, number>([
  [dataTypes.float, 32], [dataTypes.uint8, 8], [dataTypes.int8, 8], [dataTypes.uint16, 16], [dataTypes.int16, 16], [dataTypes.int32, 32], [dataTypes.int64, 64],
  [dataTypes.bool, 8], [dataTypes.float16, 16], [dataTypes.double, 64], [dataTypes.uint32, 32], [dataTypes.uint64, 64], [dataTypes.bfloat16, 16], [dataTypes.uint4, 4], [dataTypes.int4, 4],
]);

/** @throws GraftError if the numbers are not there, are more or fewer than the shape says, or of a type that Graft does not take. */
export function readTensor(proto: TensorProto, external: ExternalData): HostTensor {
  const { name, dims: shape, dataType: elementType } = proto;
  const where = `tensor "${name}"`;
  const width = bits.get(elementType);
  if (width === undefined) throw new GraftError({ where, what: `its numbers are ${typeName(elementType)}`, wanted: "floats of 16, 32 or 64 bits, integers or booleans" });
  if (!shape.every((dim) => Number.isInteger(dim) && dim >= 0)) throw new GraftError({ where, what: `its shape is ${formatShape(shape)}` });
  const count = product(shape);
  if (proto.data.kind === "numbers") {
    const { values } = proto.data;
    if (values.length !== (width === 4 ? Math.ceil(count / 2) : count)) throw miscounted(where, values.length, shape);
    return { shape, elementType, values: fromNumbers(elementType, values, count) };
  }
  const bytes = proto.data.kind === "raw" ? proto.data.bytes : proto.data.kind === "external" ? externalBytes(where, proto.data.entries, external) : new Uint8Array(0);
  if (bytes.length !== Math.ceil((count * width) / 8)) throw miscounted(where, (bytes.length * 8) / width, shape);
  return { shape, elementType, values: fromBytes(elementType, bytes, count) };
}

function miscounted(where: string, found: number, shape: readonly number[]): GraftError {
  return new GraftError({ where, what: `it has ${found} numbers, its shape ${formatShape(shape)} needs ${product(shape)}`, next: "The file may be damaged; get the model again." });
}

function externalBytes(where: string, entries: ReadonlyMap<string, string>, external: ExternalData): Uint8Array {
  const location = (entries.get("location") ?? "").replace(/^\.\//, "");
  // A person chooses files, which come without the folder that the model may name.
  const bytes = external.get(location) ?? external.get(location.split("/").at(-1) ?? "");
  if (bytes === undefined) throw new GraftError({ where, what: `its numbers are in another file, "${location}", which is not here`, next: "Choose that file together with the model." });
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? bytes.length - offset);
  if (!(Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
    throw new GraftError({ where, what: `its numbers are said to be ${length} bytes from byte ${offset} on; "${location}" has ${bytes.length}`, next: "The two files may not belong together." });
  }
  return bytes.subarray(offset, offset + length);
}

function fromNumbers(elementType: number, values: Float32Array | Float64Array | Int32Array, count: number): HostValues {
  if (elementType === dataTypes.double) return Float32Array.from(values);
  if (elementType === dataTypes.float16) return float16ToFloat32(Uint16Array.from(values));
  if (elementType === dataTypes.bfloat16) return bfloat16ToFloat32(Uint16Array.from(values));
  if (elementType === dataTypes.float) return values instanceof Float32Array ? values : Float32Array.from(values);
  if (elementType === dataTypes.int4 || elementType === dataTypes.uint4) return unpackFourBits(elementType, Uint8Array.from(values), count);
  return values;
}

function fromBytes(elementType: number, bytes: Uint8Array, count: number): HostValues {
  // A typed array needs an aligned start, which a field in a file seldom has.
  const aligned = (): ArrayBuffer => bytes.slice().buffer;
  switch (elementType) {
    case dataTypes.float:
      return new Float32Array(aligned());
    case dataTypes.double:
      return Float32Array.from(new Float64Array(aligned()));
    case dataTypes.float16:
      return float16ToFloat32(new Uint16Array(aligned()));
    case dataTypes.bfloat16:
      return bfloat16ToFloat32(new Uint16Array(aligned()));
    case dataTypes.int64:
      return Float64Array.from(new BigInt64Array(aligned()), Number);
    case dataTypes.uint64:
      return Float64Array.from(new BigUint64Array(aligned()), Number);
    case dataTypes.int32:
      return new Int32Array(aligned());
    case dataTypes.uint32:
      return new Uint32Array(aligned());
    case dataTypes.int16:
      return new Int16Array(aligned());
    case dataTypes.uint16:
      return new Uint16Array(aligned());
    case dataTypes.int8:
      return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    case dataTypes.int4:
    case dataTypes.uint4:
      return unpackFourBits(elementType, bytes, count);
    default:
      return bytes;
  }
}

/** Two to a byte, the lower half first. */
function unpackFourBits(elementType: number, bytes: Uint8Array, count: number): Int8Array {
  return Int8Array.from({ length: count }, (_, i) => {
    const nibble = ((bytes[i >> 1] as number) >> (i % 2 === 0 ? 0 : 4)) & 15;
    return elementType === dataTypes.int4 && nibble > 7 ? nibble - 16 : nibble;
  });
}
