import { describe, expect, it } from "vitest";
import { countRefused, mutateBytes, readCheaply } from "../testing/mutate.ts";
import { decodeTensor, readSafetensors, readSafetensorsHeader, type StoredTensor } from "./read.ts";
import { writeSafetensors } from "./write.ts";

const tensors = new Map<string, StoredTensor>([
  ["head/kernel", { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-30, -0) }],
  ["ids", { shape: [3], values: Int32Array.of(1, -1, 2 ** 31 - 1) }],
  ["__proto__", { shape: [], values: Float32Array.of(7) }],
  ["empty", { shape: [0, 4], values: new Float32Array(0) }],
]);

/** A file with this header and so many bytes of data. */
function fileOf(header: unknown, dataBytes: Uint8Array | number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const data = typeof dataBytes === "number" ? new Uint8Array(dataBytes) : dataBytes;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (begin: number, end: number, shape: readonly number[] = [(end - begin) / 4], dtype = "F32"): unknown => ({ dtype, shape, data_offsets: [begin, end] });

describe("safetensors", () => {
  it("come back as they were written, with metadata", () => {
    const bytes = writeSafetensors(tensors, { format: "graft" });
    const read = readSafetensors(bytes);
    expect([...read.tensors]).toEqual([...tensors]);
    expect(read.metadata.get("format")).toBe("graft");
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it("restore sixteen-bit floats", () => {
    const halves = new Uint8Array(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00, 0x3f80, 0xc049).buffer);
    const { tensors: read } = readSafetensors(fileOf({ half: entry(0, 8, [4], "F16"), brain: entry(8, 12, [2], "BF16") }, halves));
    expect([...(read.get("half")?.values ?? [])]).toEqual([1, -2.5, 2 ** -24, Infinity]);
    expect([...(read.get("brain")?.values ?? [])]).toEqual([1, -3.140625]);
  });

  it("turn every other type into float32 or int32", () => {
    const data = new Uint8Array(33);
    const view = new DataView(data.buffer);
    view.setFloat64(0, -0.1, true);
    view.setBigInt64(8, -5n, true);
    view.setBigInt64(16, 2n ** 31n - 1n, true);
    view.setInt16(24, -300, true);
    data.set([0xff, 200, 0, 2, 1], 26);
    const header = { double: entry(0, 8, [], "F64"), long: entry(8, 24, [2], "I64"), short: entry(24, 26, [1], "I16"), byte: entry(26, 27, [1], "I8"), unsigned: entry(27, 28, [1], "U8"), flags: entry(28, 31, [3], "BOOL") };
    const { tensors: read } = readSafetensors(fileOf(header, data));
    expect([...read.values()].map(({ values }) => values)).toEqual([Float32Array.of(-0.1), Int32Array.of(-5, 2 ** 31 - 1), Int32Array.of(-300), Int32Array.of(-1), Int32Array.of(200), Int32Array.of(0, 1, 1)]);
    view.setBigInt64(16, 2n ** 31n, true);
    expect(() => readSafetensors(fileOf(header, data), "a.safetensors")).toThrow('a.safetensors, "long": it holds the number 2147483648. Expected whole numbers of at most 32 bits.');
  });

  it("tell where each tensor is without being read", async () => {
    const bytes = writeSafetensors(tensors, { format: "graft" });
    const header = await readSafetensorsHeader(new Blob([bytes]), "model.safetensors");
    expect(header.metadata.get("format")).toBe("graft");
    expect([...header.tensors].map(([name, entry]) => [name, decodeTensor(entry, bytes.slice(entry.begin, entry.end).buffer, "")])).toEqual([...tensors]);
    await expect(readSafetensorsHeader(new Blob([bytes.subarray(0, 40)]), "model.safetensors")).rejects.toThrow(/model.safetensors: its header claims/);
    await expect(readSafetensorsHeader(new Blob([]), "model.safetensors")).rejects.toThrow(/it has 0 bytes/);
  });

  it("are read from within a larger buffer", () => {
    const bytes = writeSafetensors(tensors);
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    expect([...readSafetensors(larger.subarray(3)).tensors]).toEqual([...tensors]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["too short", new Uint8Array(5), /it has 5 bytes, too few/],
    ["a length that lies", new Uint8Array(8).fill(0xff), /its header claims 18446744073709551615 bytes, the file has 0/],
    ["no JSON", fileOf("{", 0), /not readable JSON/],
    ["a list", fileOf([], 0), /it is \[\]. Expected an object/],
    ["past the end", fileOf({ a: entry(0, 8) }, 4), /"a" claims bytes 0 to 8 of 4/],
    ["backwards", fileOf({ a: entry(4, 0, [1]) }, 4), /"a" claims bytes 4 to 0/],
    ["overlap", fileOf({ b: entry(4, 12), a: entry(0, 8) }, 12), /the bytes of "a" and "b" overlap/],
    ["shape", fileOf({ a: entry(0, 8, [3]) }, 8), /"a" of shape \[3\] and type F32 needs 12 bytes and has 8/],
    ["dtype", fileOf({ a: entry(0, 8, [1], "C64") }, 8), /it is "C64". Expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL/],
    ["huge", fileOf({ a: entry(0, 4, [2 ** 40, 2 ** 40]) }, 4), /needs .* bytes and has 4/],
    ["negative", fileOf({ a: entry(0, 4, [-1]) }, 4), /at least 0/],
    ["proto", fileOf('{"__proto__": 1}', 0), /"__proto__".*Expected an object/],
  ])("are refused with a sentence: %s", (_, bytes, message) => expect(() => readSafetensors(bytes)).toThrow(message));

  it("load or are refused with a sentence within a second, however damaged", () => {
    const bytes = writeSafetensors(tensors, { format: "graft" });
    const refused = countRefused(500, 3, (rng) => {
      const damaged = mutateBytes(bytes, rng);
      readCheaply(damaged.length, () => void readSafetensors(damaged));
    });
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(500);
  });
});
