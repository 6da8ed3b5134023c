import { describe, expect, it } from "vitest";
import { GraftError } from "../../core/errors.ts";
import { decodeModel } from "./decode.ts";
import { encodeModel } from "./encode.ts";
import { dataTypes, type ModelProto, type NodeProto } from "./messages.ts";

const node: NodeProto = {
  name: "layer/Conv",
  opType: "Conv",
  domain: "",
  inputs: ["x", "", "w"],
  outputs: ["y"],
  attributes: [
    { name: "alpha", value: { kind: "float", value: -0.5 } },
    { name: "axis", value: { kind: "int", value: -1 } },
    { name: "mode", value: { kind: "string", value: "größe" } },
    { name: "pads", value: { kind: "ints", value: [0, 1, -3, 300, -(2 ** 40)] } },
    { name: "scales", value: { kind: "floats", value: [1.5, 2.25] } },
    { name: "directions", value: { kind: "strings", value: ["forward", "reverse"] } },
    { name: "value", value: { kind: "tensor", value: { name: "", dims: [2], dataType: dataTypes.int64, data: { kind: "numbers", values: Int32Array.of(-1, 7) } } } },
    { name: "inner", value: { kind: "reference", value: "outer" } },
  ],
};

const model: ModelProto = {
  irVersion: 8,
  opsetImports: [{ domain: "", version: 17 }],
  producerName: "graft",
  producerVersion: "1",
  docString: "A test.",
  metadata: new Map([["licence", "none"]]),
  functions: [],
  graph: {
    name: "main",
    nodes: [node],
    initializers: [
      { name: "w", dims: [2, 1, 2], dataType: dataTypes.float, data: { kind: "raw", bytes: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) } },
      { name: "d", dims: [1], dataType: dataTypes.double, data: { kind: "numbers", values: Float64Array.of(0.1) } },
      { name: "big", dims: [2], dataType: dataTypes.int64, data: { kind: "numbers", values: Float64Array.of(2 ** 40, -3) } },
      { name: "words", dims: [1], dataType: dataTypes.string, data: { kind: "strings", values: ["word"] } },
      { name: "far", dims: [9], dataType: dataTypes.float, data: { kind: "external", entries: new Map([["location", "weights.bin"]]) } },
    ],
    inputs: [{ name: "x", elementType: dataTypes.float, shape: ["batch", 3, null] }],
    outputs: [{ name: "y", elementType: undefined, shape: undefined }],
    valueInfos: [{ name: "z", elementType: dataTypes.int64, shape: [] }],
  },
};

describe("ONNX messages", () => {
  it("come back from their bytes as they were", () => {
    expect(decodeModel(encodeModel(model))).toEqual(model);
  });

  it("are refused by a sentence wherever a file ends early", () => {
    const bytes = encodeModel(model);
    let refused = 0;
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeModel(bytes.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(GraftError);
        refused++;
      }
    }
    // Only between two fields of the outermost message, behind the graph, does a shorter file make sense.
    expect(refused).toBeGreaterThan(bytes.length - 4);
  });

  it("are not believed when they say how long they are", () => {
    // A graph of 2^40 bytes; within it, a node; a packed list that reaches behind its message.
    for (const bytes of [[0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], [0x3a, 0x02, 0x0a, 0x50], [0x3a, 0x04, 0x2a, 0x02, 0x22, 0xff, 0x7f]]) {
      expect(() => decodeModel(Uint8Array.from(bytes))).toThrow(/bytes follow|cut off|longer/);
    }
  });

  it("are refused where they nest without end", () => {
    let inner = new Uint8Array(0);
    // graph > node > attribute > graph > …
    for (let i = 0; i < 60; i++) for (const tag of [0x32, 0x2a, 0x0a]) inner = Uint8Array.from([tag, ...varint(inner.length), ...inner]);
    expect(() => decodeModel(Uint8Array.from([0x3a, ...varint(inner.length), ...inner]))).toThrow("nested");
  });
});

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}
