/** Every element type and quantisation that a manifest may name, decoded as TensorFlow.js itself does; and sizes that lie. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { JsonCursor } from "./json-cursor.ts";
import { decodeWeights } from "./tfjs-weights.ts";

beforeAll(() => tf.setBackend("cpu"));

type Entry = tf.io.WeightsManifestEntry;
const decode = (weights: readonly unknown[], bytes: Uint8Array): ReturnType<typeof decodeWeights> => decodeWeights(new JsonCursor([{ paths: ["w"], weights }], "manifest"), bytes);
const quantized = (dtype: "uint8" | "uint16" | "float16"): Entry["quantization"] => ({ dtype, scale: 0.37, min: -3.2 });

const entries: readonly Entry[] = [
  { name: "flag", shape: [3], dtype: "bool" },
  { name: "float", shape: [2, 3], dtype: "float32" },
  { name: "bytes", shape: [5], dtype: "float32", quantization: quantized("uint8") },
  { name: "shorts", shape: [2, 2], dtype: "float32", quantization: quantized("uint16") },
  { name: "halves", shape: [7], dtype: "float32", quantization: quantized("float16") },
  { name: "whole", shape: [4], dtype: "int32" },
  { name: "whole bytes", shape: [3], dtype: "int32", quantization: quantized("uint8") },
  { name: "whole shorts", shape: [3], dtype: "int32", quantization: quantized("uint16") },
  { name: "number", shape: [], dtype: "float32" },
  { name: "nothing", shape: [0, 4], dtype: "float32" },
];
const sizes = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };
const length = ({ shape, dtype, quantization }: Entry): number => shape.reduce((a, b) => a * b, 1) * sizes[(quantization?.dtype ?? dtype) as keyof typeof sizes];
/** No exponent of all ones in any half, so that nothing is NaN. */
const bytes = Uint8Array.from({ length: entries.reduce((sum, entry) => sum + length(entry), 0) }, (_, i) => (37 * i + 11) % 59);

describe("weights of TensorFlow.js models", () => {
  it("are decoded as TensorFlow.js decodes them, wherever they start", () => {
    const want = tf.io.decodeWeights(bytes.slice().buffer, [...entries]);
    const got = decode(entries, bytes);
    expect([...got.keys()]).toEqual(entries.map(({ name }) => name));
    for (const { name, shape } of entries) {
      expect(got.get(name)?.shape).toEqual(shape);
      expect([...(got.get(name)?.values ?? [])], name).toEqual([...(want[name] as tf.Tensor).dataSync()]);
    }
  });

  it.each<[string, unknown, RegExp]>([
    ["a shape beyond the bytes", { name: "w", shape: [2 ** 40, 2 ** 40], dtype: "float32" }, /its values end at byte/],
    ["a shape whose product is no number", { name: "w", shape: [...new Array<number>(40).fill(2 ** 50), 0], dtype: "float32" }, /the shards have 8 bytes/],
    ["halves of integers", { name: "w", shape: [4], dtype: "int32", quantization: { dtype: "float16" } }, /float32 where the weights are quantised to float16/],
    ["bytes of booleans", { name: "w", shape: [8], dtype: "bool", quantization: { dtype: "uint8", scale: 1, min: 0 } }, /float32 where the weights are quantised to uint8/],
    ["bytes without a scale", { name: "w", shape: [8], dtype: "float32", quantization: { dtype: "uint8" } }, /"scale": it is missing/],
    ["texts beyond the bytes", { name: "w", shape: [2 ** 40], dtype: "string" }, /its texts run past the end|its values end at byte/],
  ])("are refused: %s", (_, entry, message) => {
    expect(() => decode([entry], new Uint8Array(8))).toThrow(message);
  });
});
