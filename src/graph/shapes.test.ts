/** Shapes of values, known and unknown. That the rules agree with the ops' results is tested where graphs are run. */
import { describe, expect, it } from "vitest";
import type { Shape } from "../core/shape.ts";
import { GraphBuilder } from "./builder.ts";
import { inferDTypes, inferShapes } from "./shapes.ts";
import type { OpAttributes, OpName } from "./types.ts";

function shapeOf<Op extends OpName>(op: Op, attributes: OpAttributes[Op], ...inputs: readonly Shape[]): Shape | undefined {
  const builder = new GraphBuilder();
  const names = inputs.map((shape, i) => builder.input(`in${i}`, shape, "float32"));
  builder.add("node", op, names, attributes);
  return inferShapes(builder.build(["node"])).get("node");
}

const same = { strides: [2, 1], dilations: [1, 1], padding: "same" } as const;
const valid = { strides: [2, 1], dilations: [1, 2], padding: "valid" } as const;

describe("inferShapes", () => {
  it("slides windows", () => {
    expect(shapeOf("conv2d", same, [null, 7, 9, 3], [3, 3, 3, 8])).toEqual([null, 4, 9, 8]);
    expect(shapeOf("conv2d", valid, [2, 7, 9, 3], [3, 3, 3, 8])).toEqual([2, 3, 5, 8]);
    expect(shapeOf("depthwiseConv2d", { ...valid, padding: [[1, 0], [2, 2]] }, [2, 7, null, 3], [3, 3, 3, 2])).toEqual([2, 3, null, 6]);
    expect(shapeOf("maxPool2d", { poolSize: [2, 2], strides: [2, 2], padding: "valid" }, [null, 7, 8, 5])).toEqual([null, 3, 4, 5]);
  });

  it("multiplies matrices with leading dimensions", () => {
    expect(shapeOf("matMul", { transposeA: false, transposeB: false }, [null, null, 4], [4, 5])).toEqual([null, null, 5]);
    expect(shapeOf("matMul", { transposeA: true, transposeB: true }, [2, 4, 3], [2, 5, 4])).toEqual([2, 3, 5]);
  });

  it("keeps the batch of a reshape free and fills in what is known", () => {
    expect(shapeOf("reshape", { shape: [-1, 12] }, [null, 3, 4])).toEqual([null, 12]);
    expect(shapeOf("reshape", { shape: [-1, 6] }, [2, 3, 4])).toEqual([4, 6]);
  });

  it("reduces, joins, cuts and turns", () => {
    expect(shapeOf("mean", { axes: [-1, 1], keepDims: false }, [null, 3, 4, 5])).toEqual([null, 4]);
    expect(shapeOf("concat", { axis: -1 }, [null, 3, 4], [2, 3, 5])).toEqual([2, 3, 9]);
    expect(shapeOf("slice", { begin: [0, 1], size: [-1, 2] }, [null, 5])).toEqual([null, 2]);
    expect(shapeOf("transpose", { permutation: [0, 2, 1] }, [null, 3, 4])).toEqual([null, 4, 3]);
    expect(shapeOf("pad", { paddings: [[0, 0], [1, 2]] }, [null, 3])).toEqual([null, 6]);
  });

  it("follows tokens", () => {
    expect(shapeOf("embedding", {}, [100, 8], [null, null])).toEqual([null, null, 8]);
    expect(shapeOf("attention", { heads: 2, scale: 1 }, [null, 5, 8], [null, 7, 8], [null, 7, 6], [null, 7])).toEqual([null, 5, 6]);
    expect(shapeOf("maskedMean", {}, [null, 5, 8], [null, 5])).toEqual([null, 8]);
  });

  it("keeps unknown sizes where values are picked, repeated and scattered", () => {
    expect(shapeOf("gather", { axis: 1 }, [null, 5, 4], [2, null])).toEqual([null, 2, null, 4]);
    expect(shapeOf("gatherElements", { axis: -1 }, [null, 5], [null, 3])).toEqual([null, 3]);
    expect(shapeOf("gatherNd", { batchDims: 1 }, [null, 5, 4], [null, 7, 1])).toEqual([null, 7, 4]);
    expect(shapeOf("scatterNd", { reduction: "add" }, [null, 4], [3, 1], [3, 4])).toEqual([null, 4]);
    expect(shapeOf("stridedSlice", { begin: [0, 1, -3], end: [null, null, -1], strides: [1, 2, 1] }, [null, 6, null])).toEqual([null, 3, 2]);
    expect(shapeOf("stridedSlice", { begin: [2, -4], end: [5, null], strides: [2, 3] }, [null, null])).toEqual([2, 2]);
    expect(shapeOf("broadcastTo", { shape: [2, -1, 4] }, [null, 1])).toEqual([2, null, 4]);
    expect(shapeOf("broadcastLike", { axes: [0] }, [1, 1, 8], [null, 9])).toEqual([null, 1, 8]);
    expect(shapeOf("pad", { paddings: [[0, 0], [1, 2]], mode: "edge" }, [null, 3])).toEqual([null, 6]);
    expect(shapeOf("oneHot", { depth: 4, axis: 1 }, [null, 3])).toEqual([null, 4, 3]);
    expect(shapeOf("topKIndices", { k: 2, largest: true }, [null, null])).toEqual([null, 2]);
  });

  it("widens images and shares heads", () => {
    expect(shapeOf("convTranspose2d", { ...same, outputPadding: [0, 0] }, [null, 4, 9, 8], [3, 3, 3, 8])).toEqual([null, 8, 9, 3]);
    expect(shapeOf("convTranspose2d", { ...valid, dilations: [1, 1], outputPadding: [1, 0] }, [null, 4, null, 8], [3, 3, 3, 8])).toEqual([null, 10, null, 3]);
    expect(shapeOf("conv2d", { ...same, groups: 2 }, [null, 7, 9, 6], [3, 3, 3, 8])).toEqual([null, 4, 9, 8]);
    expect(shapeOf("attention", { heads: 4, scale: 1, keyValueHeads: 2 }, [null, 5, 8], [null, 7, 4], [null, 7, 6], [null, 7])).toEqual([null, 5, 12]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ["channels", () => shapeOf("conv2d", same, [null, 7, 7, 3], [3, 3, 4, 8]), /node "node" \(conv2d\): the kernel takes 4 channels, the image has 3; its inputs are \[\?, 7, 7, 3\] and \[3, 3, 4, 8\]/],
    ["window", () => shapeOf("conv2d", valid, [1, 2, 9, 3], [3, 3, 3, 8]), /a window of 3 does not fit into 2/],
    ["inner sizes", () => shapeOf("matMul", { transposeA: false, transposeB: false }, [2, 3], [4, 5]), /inner sizes 3 and 4 differ; its inputs are \[2, 3\] and \[4, 5\]/],
    ["broadcast", () => shapeOf("add", {}, [null, 3], [4]), /cannot be broadcast.*\[\?, 3\] and \[4\]/],
    ["reshape", () => shapeOf("reshape", { shape: [5, -1] }, [2, 3]), /6 elements do not fill \[5, -1\]/],
    ["axis", () => shapeOf("sum", { axes: [2], keepDims: false }, [2, 3]), /axis 2 does not exist/],
    ["arity", () => shapeOf("add", {}, [2, 3]), /it has 1 inputs.*Expected 2/],
    ["norm", () => shapeOf("layerNorm", { epsilon: 1 }, [2, 3], [3], [4]), /one number for each of 3 channels/],
    ["mask", () => shapeOf("maskedMean", {}, [2, 3, 4], [2, 4]), /the mask needs one number per token/],
    ["heads", () => shapeOf("attention", { heads: 3, scale: 1 }, [2, 3, 4], [2, 3, 4], [2, 3, 4], [2, 3]), /3 heads do not divide the width/],
    ["shared heads", () => shapeOf("attention", { heads: 4, scale: 1, keyValueHeads: 3 }, [2, 3, 8], [2, 3, 6], [2, 3, 6], [2, 3]), /3 heads of keys and values do not divide 4 heads/],
    ["rotary width", () => shapeOf("rotaryEmbedding", { heads: 2, frequencies: [1, 1] }, [2, 3, 10], [2, 3]), /2 heads of 2 frequencies make a width of 8/],
    ["groups", () => shapeOf("conv2d", { ...same, groups: 2 }, [1, 7, 7, 4], [3, 3, 4, 8]), /the kernel takes 8 channels, the image has 4/],
    ["output padding", () => shapeOf("convTranspose2d", { ...same, outputPadding: [1, 0] }, [1, 4, 4, 8], [3, 3, 3, 8]), /an output padding of 1 does not fit a stride of 2/],
    ["dilated and strided", () => shapeOf("convTranspose2d", { ...valid, outputPadding: [0, 0] }, [1, 4, 4, 8], [3, 3, 3, 8]), /do not go together/],
    ["a wide class token", () => shapeOf("broadcastLike", { axes: [0] }, [2, 1, 8], [null, 9]), /axis 0 has the size 2, not 1/],
    ["a mirror too far", () => shapeOf("pad", { paddings: [[0, 0], [3, 0]], mode: "reflect" }, [1, 3]), /3 values cannot be mirrored by 3/],
    ["updates", () => shapeOf("scatterNd", { reduction: "none" }, [4, 5], [2, 1], [2, 4]), /the updates need the shape \[2, 5\]/],
    ["spread", () => shapeOf("broadcastTo", { shape: [2, 3] }, [2, 2]), /\[2, 2\] cannot be spread over \(2, 3\)/],
    ["k", () => shapeOf("topKIndices", { k: 4, largest: true }, [2, 3]), /there are no 4 best of 3/],
  ])("names the node and both shapes: %s", (_, run, message) => expect(run).toThrow(message));

  it("takes more precise input shapes and refuses others", () => {
    const builder = new GraphBuilder();
    builder.input("x", [null, null, 3], "float32");
    builder.add("flat", "reshape", ["x"], { shape: [-1, 6] });
    const graph = builder.build(["flat"]);
    expect(inferShapes(graph, { x: [4, 2, 3] }).get("flat")).toEqual([4, 6]);
    expect(() => inferShapes(graph, { x: [4, 2, 5] })).toThrow(/input "x": the shape is \[4, 2, 5\]. Expected \[\?, \?, 3\]/);
  });

  it("knows integers from floats", () => {
    const builder = new GraphBuilder();
    builder.input("ids", [null, 4], "int32");
    builder.parameter("table", [9, 2]);
    builder.add("tokens", "embedding", ["table", "ids"], {});
    builder.add("mask", "paddingMask", ["ids"], { paddingId: 0 });
    builder.add("some", "slice", ["ids"], { begin: [0, 0], size: [-1, 2] });
    builder.add("place", "argMax", ["tokens"], { axis: -1, keepDims: false, of: "max" });
    builder.add("like", "broadcastLike", ["ids", "tokens"], { axes: [] });
    builder.add("wave", "sin", ["ids"], {});
    const dtypes = inferDTypes(builder.build(["tokens"]));
    expect(["tokens", "mask", "some", "place", "like", "wave"].map((name) => dtypes.get(name))).toEqual(["float32", "float32", "int32", "int32", "int32", "float32"]);
  });
});
