/** Parameters in PyTorch's names and layouts, and back. What PyTorch makes of them, tools/reference/check_exports.py finds out. */
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph, Weights } from "../../graph/types.ts";
import { upstreamTensors, upstreamTensorsOf, weightsFromUpstream } from "./upstream.ts";

const sliding = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

function convolutions(): { readonly graph: Graph; readonly weights: Weights } {
  const builder = new GraphBuilder();
  let x = builder.input("images", [null, 8, 8, 3], "float32");
  x = builder.add("stem/out", "conv2d", [x, builder.parameter("stem/weight", [2, 1, 3, 4])], sliding);
  x = builder.add("depth/out", "depthwiseConv2d", [x, builder.parameter("depth/weight", [1, 3, 4, 2])], sliding);
  x = builder.add("shift/out", "add", [x, builder.parameter("shift/a.b", [2, 3, 1, 8])], {});
  x = builder.add("shift/again", "add", [x, builder.parameter("shift/a/b", [8])], {});
  const graph = builder.build([x]);
  return { graph, weights: new Map(graph.parameters.map(({ name, shape }) => [name, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)])) };
}

describe("parameters as PyTorch stores them", () => {
  it("has dots for slashes, and kernels with their channels first", () => {
    const { graph } = convolutions();
    expect([...upstreamTensors(graph).values()].map(({ name, shape }) => [name, shape])).toEqual([
      ["stem.weight", [4, 3, 2, 1]],
      ["depth.weight", [8, 1, 1, 3]],
      ["shift.a.b", [2, 3, 1, 8]],
      ["shift.a.b_1", [8]],
    ]);
  });

  it("moves every value to its place", () => {
    const { graph, weights } = convolutions();
    const tensors = upstreamTensorsOf(graph, weights);
    // Value number ((h * 1 + w) * 3 + in) * 4 + out at [out, in, h, w].
    expect([...(tensors.get("stem.weight")?.values.slice(0, 6) ?? [])]).toEqual([0, 12, 4, 16, 8, 20]);
    // Value number (w * 4 + channel) * 2 + multiplier at [channel * 2 + multiplier, 0, 0, w].
    expect([...(tensors.get("depth.weight")?.values.slice(0, 9) ?? [])]).toEqual([0, 8, 16, 1, 9, 17, 2, 10, 18]);
  });

  it("comes back bit for bit", () => {
    const { graph, weights } = convolutions();
    expect(weightsFromUpstream(graph, upstreamTensorsOf(graph, weights), "model.safetensors")).toEqual(weights);
  });

  it("leaves a parameter that is a kernel and something else as it is", () => {
    const builder = new GraphBuilder();
    const kernel = builder.parameter("kernel", [1, 1, 3, 3]);
    const x = builder.add("conv", "conv2d", [builder.input("images", [null, 8, 8, 3], "float32"), kernel], sliding);
    expect(upstreamTensors(builder.build([builder.add("sum", "add", [x, kernel], {})])).get("kernel")).toEqual({ name: "kernel", shape: [1, 1, 3, 3] });
  });

  it("says which tensor is missing or has another shape", () => {
    const { graph, weights } = convolutions();
    const tensors = new Map(upstreamTensorsOf(graph, weights));
    tensors.set("stem.weight", { shape: [3, 4, 2, 1], values: new Float32Array(24) });
    expect(() => weightsFromUpstream(graph, tensors, "model.safetensors")).toThrow('model.safetensors: the tensor "stem.weight" has the shape [3, 4, 2, 1]. Expected [4, 3, 2, 1].');
    tensors.delete("stem.weight");
    expect(() => weightsFromUpstream(graph, tensors, "model.safetensors")).toThrow('the tensor "stem.weight" is missing');
  });
});
