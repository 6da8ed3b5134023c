/** A graph comes back from JSON as it went in, and attributes that no op has are refused by name. */
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/types.ts";
import { graphFromJson, graphToJson } from "./graph-json.ts";

function everyKind(): Graph {
  const builder = new GraphBuilder();
  builder.input("x", [null, 6, 6, 4], "float32");
  builder.input("at", [null, 2], "int32");
  const conv = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
  builder.add("conv", "conv2d", ["x", builder.parameter("kernel", [3, 3, 2, 4])], { ...conv, groups: 2 });
  builder.add("wider", "convTranspose2d", ["conv", builder.parameter("back", [2, 2, 4, 4])], { ...conv, strides: [2, 2], padding: [[0, 0], [0, 0]], outputPadding: [0, 1] });
  builder.add("padded", "pad", ["wider"], { paddings: [[0, 0], [1, 1], [0, 2], [0, 0]], mode: "reflect" });
  builder.add("strided", "stridedSlice", ["padded"], { begin: [0, 1, -3, 0], end: [null, 4, null, 4], strides: [1, 2, 1, 1] });
  builder.add("rows", "gather", ["strided", "at"], { axis: 1 });
  builder.add("is-near", "compare", ["rows", "rows"], { relation: "lessEqual" });
  builder.add("best", "argMax", ["rows"], { axis: -1, keepDims: true, of: "min" });
  builder.add("hot", "oneHot", ["at"], { depth: 3 });
  builder.add("average", "averagePool2d", ["x"], { poolSize: [2, 2], strides: [2, 2], padding: "same", countPadding: true });
  builder.add("tuned", "positionIds", ["at"], { offset: 0, paddingId: 1 });
  return builder.build(["is-near", "best", "hot", "average", "tuned"]);
}

const through = (graph: unknown): Graph => graphFromJson(JSON.parse(JSON.stringify(graph)), "model.graft");

describe("a graph as JSON", () => {
  it("comes back as it was", () => {
    const graph = everyKind();
    expect(through(graphToJson(graph))).toEqual(graph);
  });

  it.each<[string, string, Readonly<Record<string, unknown>>]>([
    ["conv", "groups", { groups: "two" }],
    ["padded", "mode", { mode: "wrap" }],
    ["padded", "value", { value: null }],
    ["strided", "end", { end: [null, "4", null, 4] }],
    ["is-near", "relation", { relation: "like" }],
    ["best", "of", { of: "median" }],
  ])("refuses %s with another %s", (name, key, changed) => {
    const graph = everyKind();
    const nodes = graph.nodes.map((node) => (node.name === name ? { ...node, attributes: { ...node.attributes, ...changed } } : node));
    expect(() => through({ ...graph, nodes })).toThrow(new RegExp(`model.graft: node "${name}" \\(\\w+\\) has no valid attribute "${key}"`));
  });
});
