import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../builder.ts";
import { embeddingsAsInput } from "./embeddings-as-input.ts";

/** Ids, looked up in a table by an op, times a mask that reads the ids too. */
function model(op: "embedding" | "gather", castFirst = false): ReturnType<GraphBuilder["build"]> {
  const builder = new GraphBuilder();
  const ids = builder.input("ids", [null, null], "int32");
  const read = castFirst ? builder.add("cast", "cast", [ids], { dtype: "int32" }) : ids;
  const table = builder.parameter("table", [7, 3]);
  const looked = op === "embedding" ? builder.add("looked", op, [table, read], {}) : builder.add("looked", op, [table, read], { axis: 0 });
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId: 0 });
  return builder.build([builder.add("mean", "maskedMean", [looked, mask], {})]);
}

describe("embeddingsAsInput", () => {
  it.each([model("embedding"), model("gather"), model("gather", true)])("takes what a table gave from outside, and the ids for the mask", (graph) => {
    const opened = embeddingsAsInput(graph, "ids");
    expect(opened).toMatchObject({ embeddings: "looked", table: "table" });
    expect(opened.graph.inputs).toEqual([{ name: "ids", shape: [null, null], dtype: "int32" }, { name: "looked", shape: [null, null, 3], dtype: "float32" }]);
    expect(opened.graph.nodes.map(({ name }) => name)).toEqual(["mask", "mean"]);
    expect(opened.graph.parameters).toEqual([]);
  });

  it("says so where nothing is looked up", () => {
    const builder = new GraphBuilder();
    const x = builder.input("pixels", [null, 4], "float32");
    expect(() => embeddingsAsInput(builder.build([builder.add("y", "relu", [x], {})]), "pixels")).toThrow('input "pixels": the model does not look it up in a table. Expected a model of tokens.');
  });
});
