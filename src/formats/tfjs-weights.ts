/**
 * The weights of a TensorFlow.js model: the manifest in model.json and the bytes of its shards, in both of its formats. Every size
 * is checked against the bytes before anything is allocated. Quantised weights are restored to float32.
 * Layout: tfjs-core src/io/io_utils.ts.
 */
import { GraftError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { WeightValues } from "../graph/types.ts";
import { float16ToFloat32 } from "./half-floats.ts";
import type { JsonCursor } from "./json-cursor.ts";

export interface DecodedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: WeightValues;
}

interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: keyof typeof bytesPerElement;
  readonly quantization?: { readonly dtype: "uint8" | "uint16" | "float16"; readonly scale: number; readonly min: number };
}

const bytesPerElement = { float32: 4, int32: 4, bool: 1, complex64: 8, string: 0, uint8: 1, uint16: 2, float16: 2 } as const;

/** The shard paths that a manifest lists, in the order of their bytes. */
export function shardPaths(manifest: JsonCursor): readonly string[] {
  return manifest.items().flatMap((group) => group.get("paths").items().map((path) => path.string()));
}

/**
 * All numeric weights by name. `bytes` are all shards one after the other. Texts and complex numbers, which only
 * pre-processing uses, are passed over.
 * @throws GraftError if the manifest and the bytes do not agree.
 */
export function decodeWeights(manifest: JsonCursor, bytes: Uint8Array): ReadonlyMap<string, DecodedWeight> {
  const specs = manifest.items().flatMap((group) => group.get("weights").items().map(readSpec));
  const weights = new Map<string, DecodedWeight>();
  let offset = 0;
  for (const spec of specs) {
    const length = byteLength(spec, bytes, offset);
    if (offset + length > bytes.byteLength) {
      throw new GraftError({ where: `weight "${spec.name}"`, what: `its values end at byte ${offset + length}, the shards have ${bytes.byteLength} bytes`, next: "A shard is cut off or belongs to another model; get the files again." });
    }
    const values = decode(spec, bytes.subarray(offset, offset + length));
    if (values !== undefined) weights.set(spec.name, { name: spec.name, shape: spec.shape, values });
    offset += length;
  }
  if (offset !== bytes.byteLength) {
    throw new GraftError({ where: "the weights", what: `the shards have ${bytes.byteLength} bytes, model.json describes ${offset}`, next: "The shards belong to another model; get the files again." });
  }
  return weights;
}

function readSpec(item: JsonCursor): WeightSpec {
  const name = item.get("name").string();
  const shape = item.get("shape").integers(0);
  const dtype = item.get("dtype").string();
  if (!Object.hasOwn(bytesPerElement, dtype)) throw item.get("dtype").wrong("float32, int32 or bool");
  const quantization = item.get("quantization");
  const spec = { name, shape, dtype: dtype as WeightSpec["dtype"] };
  if (quantization.isMissing) return spec;
  const stored = quantization.get("dtype").string();
  if (dtype !== "float32" && (dtype !== "int32" || stored === "float16")) throw item.get("dtype").wrong(`float32 where the weights are quantised to ${stored}`);
  if (stored === "float16") return { ...spec, quantization: { dtype: stored, scale: 1, min: 0 } };
  if (stored !== "uint8" && stored !== "uint16") throw quantization.get("dtype").wrong("uint8, uint16 or float16");
  return { ...spec, quantization: { dtype: stored, scale: quantization.get("scale").number(), min: quantization.get("min").number() } };
}

function byteLength({ name, shape, dtype, quantization }: WeightSpec, bytes: Uint8Array, start: number): number {
  if (dtype !== "string") return sizeOf(shape) * bytesPerElement[quantization?.dtype ?? dtype];
  // Each text is its length in four bytes and then its UTF-8.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = start;
  for (let i = 0; i < sizeOf(shape); i++) {
    if (offset + 4 > bytes.byteLength) throw new GraftError({ where: `weight "${name}"`, what: "its texts run past the end of the shards" });
    offset += 4 + view.getUint32(offset, true);
  }
  return offset - start;
}

/** Takes the memory of the result, and of a copy where the numbers' place in `stored` is not aligned to them. */
function decode({ dtype, quantization }: WeightSpec, stored: Uint8Array): WeightValues | undefined {
  if (dtype === "string" || dtype === "complex64") return undefined;
  const halves = (): Uint16Array => new Uint16Array(stored.slice().buffer);
  if (quantization !== undefined) {
    if (quantization.dtype === "float16") return float16ToFloat32(halves());
    const { scale, min } = quantization;
    const numbers = quantization.dtype === "uint8" ? stored : halves();
    const values = dtype === "int32" ? new Int32Array(numbers.length) : new Float32Array(numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      const value = (numbers[i] as number) * scale + min;
      values[i] = dtype === "int32" ? Math.round(value) : value;
    }
    return values;
  }
  switch (dtype) {
    case "float32":
      return new Float32Array(stored.slice().buffer);
    case "int32":
      return new Int32Array(stored.slice().buffer);
    case "float16":
      return float16ToFloat32(halves());
    default:
      return new Int32Array(dtype === "uint16" ? halves() : stored);
  }
}
