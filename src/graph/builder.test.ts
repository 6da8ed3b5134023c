import { describe, expect, it } from "vitest";
import { GraphBuilder } from "./builder.ts";
import { printGraph } from "./print.ts";

describe("GraphBuilder", () => {
  it("refuses a name used twice and an input that is not known yet", () => {
    const builder = new GraphBuilder();
    builder.input("x", [null, 3], "float32");
    expect(() => builder.parameter("x", [3])).toThrow(/two things are named "x"/);
    expect(() => builder.add("sum", "add", ["x", "later"], {})).toThrow(/node "sum" \(add\): "later" is not known/);
    // The refused node left nothing behind.
    expect(builder.has("sum")).toBe(false);
    expect(() => builder.build(["sum"])).toThrow(/the graph's outputs: "sum" is not known/);
  });

  it("continues a graph without changing it", () => {
    const first = new GraphBuilder();
    first.input("x", [null, 3], "float32");
    const graph = first.build(["x"]);
    const builder = new GraphBuilder(graph);
    builder.add("y", "relu", ["x"], {});
    builder.build(["y"]);
    expect(graph.nodes).toEqual([]);
    expect(() => builder.input("x", [], "float32")).toThrow(/two things/);
  });

  it("finds a free name", () => {
    const builder = new GraphBuilder();
    for (let i = 0; i < 3; i++) builder.input(builder.freeName("x"), [null], "float32");
    expect(builder.build([]).inputs.map(({ name }) => name)).toEqual(["x", "x_1", "x_2"]);
  });

  it("prints as one line each", () => {
    const builder = new GraphBuilder();
    builder.input("x", [null, 3], "float32");
    builder.parameter("bn/mean", [3], { role: "statistic" });
    builder.add("sum", "mean", ["x"], { axes: [1], keepDims: true });
    expect(printGraph(builder.build(["sum"]))).toBe("input x: float32 [?, 3]\nstatistic bn/mean: float32 [3]\nsum: [?, 1] = mean(x) axes=[1] keepDims=true\noutputs sum");
  });
});
