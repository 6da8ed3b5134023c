/** Models that compute with the size of their batch: for any batch they give what onnxruntime gives, or are refused. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import type { NodeProto } from "./messages.ts";
import { readOnnx } from "./read.ts";
import { fileOf, floats, ints, op, runFile, runRead, type SmallModel, wave } from "./testing/small-models.ts";

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

const initializers = [ints("zero", [0]), ints("one", [1]), ints("two", [2]), ints("three", [3]), ints("four", [4]), ints("first", [0], []), ints("none", [-1]), ints("ones", [1, 1]), floats("row", [1, 2, 3, 4], [1, 4]), floats("filler", [7])];
/** The batch as a vector of one number, "n". */
const batch: readonly NodeProto[] = [op("Shape", ["x"], "shape"), op("Gather", ["shape", "first"], "scalar"), op("Unsqueeze", ["scalar", "zero"], "n")];
const wide: readonly NodeProto[] = [...batch, op("Concat", ["n", "four"], "size", { axis: 0 })];

const computed: Readonly<Record<string, SmallModel>> = {
  "a row for each example": { nodes: [...wide, op("Expand", ["row", "size"], "y")] },
  "an input for each example of another": { nodes: [...wide, op("Expand", ["z", "size"], "y")], inputs: { x: ["batch", 4], z: [1, 4] } },
  "an input of one row, first, for each example of another": { nodes: [...wide, op("Expand", ["z", "size"], "y")], inputs: { z: [1, 4], x: ["batch", 4] } },
  "the batch of another input behind another axis": { nodes: [...batch, op("Concat", ["three", "n", "one"], "size", { axis: 0 }), op("Expand", ["z", "size"], "y")], inputs: { x: ["batch", 4], z: [1, 1, 4] } },
  "a part of a shape": { nodes: [op("Shape", ["x"], "shape"), op("Slice", ["shape", "zero", "one"], "n"), op("Concat", ["two", "n", "four"], "size", { axis: 0 }), op("Expand", ["row", "size"], "y")] },
  "an expand as PyTorch writes it": {
    nodes: [...wide, op("ConstantOfShape", ["two"], "unit", { value: ints("", [1]) }), op("Mul", ["unit", "none"], "minus"), op("Equal", ["size", "minus"], "kept"), op("Where", ["kept", "unit", "size"], "chosen"), op("Expand", ["row", "chosen"], "y")],
  },
  "a fill, summed over the batch": { nodes: [...wide, op("ConstantOfShape", ["size"], "fill", { value: floats("", [3]) }), op("ReduceSum", ["fill", "zero"], "y", { keepdims: 0 })] },
  "a row that is repeated": { nodes: [...batch, op("Concat", ["n", "one"], "times", { axis: 0 }), op("Tile", ["row", "times"], "y")] },
  "heads beside the batch": { nodes: [...batch, op("Concat", ["n", "two", "none"], "size", { axis: 0 }), op("Reshape", ["x", "size"], "y")] },
  "a slice up to the batch": { nodes: [...batch, op("Slice", ["x", "zero", "n"], "y")] },
  "twice the batch": { nodes: [...batch, op("Mul", ["n", "two"], "double"), op("Concat", ["double", "two"], "size", { axis: 0 }), op("Reshape", ["x", "size"], "y")] },
};

const refused: Readonly<Record<string, SmallModel>> = {
  "a row for twice the examples": { nodes: [...batch, op("Mul", ["n", "two"], "double"), op("Concat", ["double", "four"], "size", { axis: 0 }), op("Expand", ["row", "size"], "y")] },
  "a reshape to twice the batch and the rest": { nodes: [...batch, op("Mul", ["n", "two"], "double"), op("Concat", ["double", "none"], "size", { axis: 0 }), op("Reshape", ["x", "size"], "y")] },
  "all but the last example": { nodes: [...batch, op("Sub", ["n", "one"], "fewer"), op("Slice", ["x", "zero", "fewer"], "y")] },
  "as many of four as the batch has": { nodes: [...batch, op("Slice", ["x", "zero", "n", "one"], "y")] },
  "one batch for four": { nodes: [op("Concat", ["four", "four"], "size", { axis: 0 }), op("Expand", ["x", "size"], "y")] },
  "a triangle from the batch on": { nodes: [...batch, op("Squeeze", ["n", "zero"], "k"), op("Trilu", ["x", "k"], "y")], inputs: { x: ["batch", 4] } },
  "a range": { nodes: [...batch, op("Squeeze", ["n", "zero"], "limit"), op("Range", ["first", "limit", "step"], "y")] },
  "a limit": { nodes: [...batch, op("Cast", ["scalar"], "limit", { to: 1 }), op("Clip", ["x", "", "limit"], "y")] },
};
const given = (model: SmallModel, examples: number) => Object.fromEntries(Object.entries(model.inputs ?? { x: ["batch", 4] }).map(([name, shape], i) => [name, wave(shape.map((dim) => (typeof dim === "string" ? examples : dim)), i)]));

describe("A batch that the file leaves open", () => {
  it.each(Object.entries(computed))("%s: what onnxruntime says of 1 and of 3 examples", async (_, model) => {
    const file = fileOf({ ...model, initializers: [...initializers, ints("step", [1], [])] });
    for (const examples of [1, 3]) {
      expect(await runRead(file, given(model, examples)), String(examples)).toBeAllClose(await runFile(file, given(model, examples)), { rtol: 1e-5, atol: 1e-6 });
    }
  });

  it.each(Object.entries(refused))("%s: refused by the name of the node", (_, model) => {
    expect(() => readOnnx(fileOf({ ...model, initializers: [...initializers, ints("step", [1], [])] }))).toThrow(/^node "y" \(/);
  });

  it("that a damaged file moves on without end is refused as well", () => {
    const moves = Array.from({ length: 20_000 }, (_, i) => op("Identity", [i === 0 ? "size" : `s${i - 1}`], `s${i}`));
    expect(() => readOnnx(fileOf({ nodes: [...wide, ...moves, op("Expand", ["row", "s19999"], "y")], initializers }))).toThrow(/^node "y" \(/);
  });
});
