import { describe, expect, test } from "vitest";
import { buildMobilenetV2 } from "../models/mobilenet-v2/build.ts";
import { buildTransformerEncoder } from "../models/transformer-encoder/build.ts";
import { GraphBuilder } from "./builder.ts";
import { segmentsOf, type Segment } from "./segments.ts";
import type { Graph } from "./types.ts";

/** What a segment reads of earlier ones. */
function handedOver(segments: readonly Segment[]): string[][] {
  const computed = new Set<string>();
  return segments.map(({ nodes }) => {
    const read = new Set(nodes.flatMap(({ inputs }) => inputs).filter((name) => computed.has(name)));
    for (const { name } of nodes) computed.add(name);
    return [...read];
  });
}

describe("segmentsOf", () => {
  const families: [string, Graph][] = [
    ["MobileNetV2", buildMobilenetV2({ width: 1, imageSize: 96, classes: 2 })],
    ["a transformer", withoutMask(buildTransformerEncoder({ layers: 6, width: 16, heads: 2, tokens: 8, vocabulary: 20, classes: 2 }))],
  ];
  test.each(families)("%s: every node once, in order, and one value from segment to segment", (_, graph) => {
    const segments = segmentsOf(graph);
    expect(segments.length).toBeGreaterThan(4);
    expect(segments.flatMap(({ nodes }) => nodes)).toEqual(graph.nodes);
    handedOver(segments).forEach((values, i) => expect(values).toEqual(i === 0 ? [] : segments[i - 1]?.outputs));
    expect(segments.at(-1)?.outputs).toEqual(graph.outputs);
  });

  test("a graph that nowhere narrows to one value is one segment", () => {
    const builder = new GraphBuilder();
    let [a, b] = [builder.input("a", [null, 2], "float32"), builder.input("b", [null, 2], "float32")];
    for (let i = 0; i < 6; i++) [a, b] = [builder.add(`x_${i}`, "add", [a, b], {}), builder.add(`y_${i}`, "multiply", [a, b], {})];
    const graph = builder.build([builder.add("out", "add", [a, b], {})]);
    expect(segmentsOf(graph)).toEqual([{ nodes: graph.nodes, outputs: ["out"] }]);
  });
});

/** As a tail has it: the mask depends on nothing that is trained, so the trunk computes it. */
function withoutMask(graph: Graph): Graph {
  return { ...graph, nodes: graph.nodes.filter(({ name }) => name !== "mask") };
}
