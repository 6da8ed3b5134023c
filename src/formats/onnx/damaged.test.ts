/** Damaged ONNX files: each is loaded or refused by a sentence, soon, and without taking much memory; and what a sound one is refused for. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Rng } from "../../core/rng.ts";
import { countRefused, mutateBytes } from "../testing/mutate.ts";
import { encodeModel } from "./encode.ts";
import { integers } from "./host-tensor.ts";
import { type AttributeProto, dataTypes, type GraphProto, type NodeProto, type TensorProto, type ValueInfoProto } from "./messages.ts";
import { readOnnx, type ReadOnnxOptions } from "./read.ts";

const files = ["cnn", "mobile", "encoder", "encoder-17", "lstm"].map((name) => new Uint8Array(readFileSync(new URL(`./goldens/${name}.onnx`, import.meta.url))));

const op = (opType: string, inputs: readonly string[], output: string, attributes: readonly AttributeProto[] = []): NodeProto => ({ name: output, opType, domain: "", inputs, outputs: [output], attributes });
const ints = (name: string, values: readonly number[]): TensorProto => ({ name, dims: [values.length], dataType: dataTypes.int64, data: { kind: "numbers", values: Float64Array.from(values) } });
const floats = (name: string, values: readonly number[], dims = [values.length]): TensorProto => ({ name, dims, dataType: dataTypes.float, data: { kind: "numbers", values: Float32Array.from(values) } });
const x: ValueInfoProto = { name: "x", elementType: dataTypes.float, shape: ["batch", 4] };

function read(nodes: readonly NodeProto[], initializers: readonly TensorProto[] = [], graph: Partial<GraphProto> = {}, options: ReadOnnxOptions = {}): ReturnType<typeof readOnnx> {
  const all: GraphProto = { name: "g", nodes, initializers, inputs: [x], outputs: [{ name: "y" }], ...graph };
  return readOnnx(encodeModel({ irVersion: 8, opsetImports: [{ domain: "", version: 15 }], graph: all }), options);
}

describe("damaged ONNX files", () => {
  it("are loaded or refused within a second each, in at most four times their size and a megabyte", () => {
    let slowestMs = 0;
    let largest = 0;
    const once = (rng: Rng): void => {
      const file = files[rng.int(files.length)] as Uint8Array;
      const damaged = mutateBytes(file, rng);
      const startMs = performance.now();
      const before = process.memoryUsage().arrayBuffers;
      try {
        readOnnx(damaged);
      } finally {
        slowestMs = Math.max(slowestMs, performance.now() - startMs);
        // Twice: with a free batch, and where that does not work, as the file says.
        largest = Math.max(largest, (process.memoryUsage().arrayBuffers - before - 2 * (1 << 20)) / damaged.length);
      }
    };
    const refused = countRefused(500, 5, once);
    expect(slowestMs).toBeLessThan(1000);
    expect(largest).toBeLessThan(4);
    expect(refused).toBeGreaterThan(250);
    expect(refused).toBeLessThan(500);
  });

  it("get no room for what they make up", () => {
    const huge = ints("shape", [1 << 20, 1 << 20]);
    const outer = [op("ConstantOfShape", ["n"], "row"), op("Unsqueeze", ["row", "axis"], "column"), op("Add", ["row", "column"], "y")];
    for (const make of [
      () => read([op("ConstantOfShape", ["shape"], "y")], [huge]),
      () => read([op("Expand", ["one", "shape"], "y")], [huge, ints("one", [1])]),
      () => read([op("Tile", ["one", "n"], "y")], [ints("n", [2 ** 40]), ints("one", [1])]),
      () => read([op("Range", ["a", "b", "c"], "y")], [ints("a", [0]), ints("b", [2 ** 50]), ints("c", [1])]),
      () => read(outer, [ints("n", [50_000]), ints("axis", [1])]),
    ]) {
      expect(make).toThrow("far more memory");
    }
    expect(() => read([op("Add", ["x", "w"], "y")], [floats("w", [1], [2 ** 30])])).toThrow("it has 1 numbers");
  });

  it("are refused where they read themselves or what is not there", () => {
    expect(() => read([op("Add", ["x", "b"], "a"), op("Add", ["a", "x"], "b"), op("Relu", ["b"], "y")])).toThrow("depends on itself");
    expect(() => read([op("Relu", ["nowhere"], "y")])).toThrow('value "nowhere"');
  });
});

describe("ONNX files that Graft cannot take", () => {
  it("are refused by the names of all nodes that it does not know", () => {
    const loop: NodeProto = op("Loop", ["x"], "l", [{ name: "body", value: { kind: "graph", value: { name: "b", nodes: [], initializers: [], inputs: [], outputs: [] } } }]);
    expect(() => read([op("NonMaxSuppression", ["x"], "n"), loop, op("Add", ["n", "l"], "y")])).toThrow(/"n" \(NonMaxSuppression\), "l" \(Loop\).*tracing/);
    expect(read([op("NonMaxSuppression", ["x"], "unused"), op("Relu", ["x"], "y")]).graph.nodes.length).toBe(1);
  });

  it("name the branch that is not decided; one that is decided is taken", () => {
    const branch = (opType: string): AttributeProto["value"] => ({ kind: "graph", value: { name: opType, nodes: [op(opType, ["x"], `${opType}_out`)], initializers: [], inputs: [], outputs: [{ name: `${opType}_out` }] } });
    const choose = op("If", ["c"], "y", [{ name: "then_branch", value: branch("Relu") }, { name: "else_branch", value: branch("Tanh") }]);
    expect(() => read([op("Greater", ["x", "x"], "c"), choose])).toThrow(/node "y" \(If\).*branches/);
    expect(read([choose], [ints("c", [0])]).graph.nodes.map(({ op: name }) => name)).toEqual(["tanh"]);
  });

  it("need the file that their weights are in", () => {
    const far: TensorProto = { name: "w", dims: [4], dataType: dataTypes.float, data: { kind: "external", entries: new Map([["location", "./data/w.bin"], ["offset", "4"]]) } };
    expect(() => read([op("Add", ["x", "w"], "y")], [far])).toThrow(/"data.w.bin", which is not here/);
    const bytes = new Uint8Array(Float32Array.of(9, 1, 2, 3, 4).buffer);
    expect(read([op("Add", ["x", "w"], "y")], [far], {}, { externalData: new Map([["w.bin", bytes]]) }).weights.get("w")).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(() => read([op("Add", ["x", "w"], "y")], [far], {}, { externalData: new Map([["w.bin", bytes.subarray(0, 2)]]) })).toThrow("may not belong together");
  });

  it("say which integer has no place in 32 bits", () => {
    expect(() => read([op("Cast", ["x"], "i", [{ name: "to", value: { kind: "int", value: 7 } }]), op("Add", ["i", "big"], "y")], [ints("big", [2 ** 40])])).toThrow("1099511627776");
  });
});

describe("a weight that two nodes read", () => {
  it("stays one, though one of them turns it", () => {
    const ids: ValueInfoProto = { name: "ids", elementType: dataTypes.int64, shape: ["batch"] };
    const nodes = [op("Gather", ["table", "ids"], "e"), op("Gemm", ["e", "table"], "a", [{ name: "transB", value: { kind: "int", value: 1 } }]), op("Transpose", ["table"], "t"), op("MatMul", ["e", "t"], "b"), op("Add", ["a", "b"], "y")];
    const { graph } = read(nodes, [floats("table", [1, 2, 3, 4, 5, 6], [3, 2])], { inputs: [ids] });
    expect(graph.parameters).toEqual([{ name: "table", shape: [3, 2], dtype: "float32", role: "weight" }]);
    expect(graph.nodes.map(({ op: name }) => name)).toEqual(["embedding", "matMul", "matMul", "add"]);
  });
});

describe("what a file leaves open", () => {
  it("survives arithmetic on shapes where it is the batch", () => {
    const nodes = [op("Shape", ["x"], "s"), op("Gather", ["s", "zero"], "b"), op("Mul", ["b", "two"], "b2"), op("Concat", ["b2", "half"], "t", [{ name: "axis", value: { kind: "int", value: 0 } }]), op("Reshape", ["x", "t"], "y")];
    const { graph } = read(nodes, [ints("zero", [0]), ints("two", [2]), ints("half", [2])]);
    expect(graph.nodes).toMatchObject([{ op: "reshape", attributes: { shape: [-1, 2] } }]);
  });

  it("is asked for where a shape needs it, and taken from the sizes that are given", () => {
    const tokens: ValueInfoProto = { name: "x", elementType: dataTypes.float, shape: ["batch", "sequence", 4] };
    const nodes = [op("Shape", ["x"], "s"), op("Slice", ["s", "zero", "two"], "front"), op("Concat", ["front", "heads"], "t", [{ name: "axis", value: { kind: "int", value: 0 } }]), op("Reshape", ["x", "t"], "y")];
    const constants = [ints("zero", [0]), ints("two", [2]), ints("heads", [2, 2])];
    expect(() => read(nodes, constants, { inputs: [tokens] })).toThrow(/depend on the input.*give the sizes/);
    expect(read(nodes, constants, { inputs: [tokens] }, { sizes: { sequence: 6 } }).graph.nodes).toMatchObject([{ attributes: { shape: [-1, 6, 2, 2] } }]);
  });

  it("can be fixed by the value of an input", () => {
    const axes: ValueInfoProto = { name: "axes", elementType: dataTypes.int64, shape: [1] };
    const { graph } = read([op("Unsqueeze", ["x", "axes"], "y")], [], { inputs: [x, axes] }, { fixedInputs: new Map([["axes", integers([1])]]) });
    expect(graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(graph.nodes).toMatchObject([{ op: "reshape", attributes: { shape: [-1, 1, 4] } }]);
  });
});

describe("quantised ONNX models", () => {
  const scale = floats("scale", [0.5], []);
  const zero: TensorProto = { name: "zero", dims: [], dataType: dataTypes.int8, data: { kind: "raw", bytes: Uint8Array.of(3) } };
  const weight: TensorProto = { name: "dense.weight", dims: [4, 2], dataType: dataTypes.int8, data: { kind: "raw", bytes: new Uint8Array(Int8Array.of(1, -2, 3, 4, 5, 6, -127, 7).buffer) } };

  it("have float weights again, and their rounding of activations where it was", () => {
    const perChannel: TensorProto = { name: "scales", dims: [2], dataType: dataTypes.float, data: { kind: "numbers", values: Float32Array.of(0.5, 2) } };
    const nodes = [
      op("QuantizeLinear", ["x", "scale", "zero"], "q"),
      op("DequantizeLinear", ["q", "scale", "zero"], "d"),
      op("DequantizeLinear", ["dense.weight", "scales"], "w", [{ name: "axis", value: { kind: "int", value: 1 } }]),
      op("MatMul", ["d", "w"], "y"),
    ];
    const { graph, weights } = read(nodes, [scale, zero, weight, perChannel]);
    expect(graph.nodes.map(({ op: name, attributes }) => [name, attributes])).toEqual([["fakeQuantize", { scale: 0.5, zeroPoint: 3, min: -128, max: 127 }], ["matMul", { transposeA: false, transposeB: false }]]);
    expect([...weights]).toEqual([["dense/weight", Float32Array.of(0.5, -4, 1.5, 8, 2.5, 12, -63.5, 14)]]);
  });
});
