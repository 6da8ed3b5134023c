import { expect, it } from "vitest";
import { GraphBuilder } from "./builder.ts";
import { outlineOf } from "./outline.ts";

it("lists inputs and nodes with shapes, layers and each weight once, and leaves constants out", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", [null, 4], "float32");
  const kernel = builder.parameter("dense/kernel", [4, 4]);
  const half = builder.add("half", "constant", [], { shape: [], values: [0.5], dtype: "float32" });
  const first = builder.add("dense/out", "matMul", [x, kernel], { transposeA: false, transposeB: false });
  const scaled = builder.add("scaled", "multiply", [first, half], {});
  const again = builder.add("again", "matMul", [scaled, kernel], { transposeA: false, transposeB: false });
  const outline = outlineOf(builder.build([again]));
  expect(outline).toEqual([
    { name: "x", op: "input", detail: "", inputs: [], shape: "[?, 4]", parameterCount: 0, layers: [] },
    { name: "dense/out", op: "matMul", detail: "Dense 4 → 4", inputs: [0], shape: "[?, 4]", parameterCount: 16, layers: ["dense"] },
    { name: "scaled", op: "multiply", detail: "", inputs: [1], shape: "[?, 4]", parameterCount: 0, layers: [] },
    { name: "again", op: "matMul", detail: "Dense 4 → 4", inputs: [2], shape: "[?, 4]", parameterCount: 0, layers: ["dense"] },
  ]);
});
