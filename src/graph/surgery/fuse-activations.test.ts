/** What is joined to a batch norm, what is not, and what stays as it was. */
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../builder.ts";
import type { Graph, OpName } from "../types.ts";
import { fuseActivations } from "./fuse-activations.ts";

function graphOf(grow: (builder: GraphBuilder, norm: string) => readonly string[]): Graph {
  const builder = new GraphBuilder();
  builder.input("x", [null, 4], "float32");
  const parameters = ["gamma", "beta", "mean", "variance"].map((name) => builder.parameter(`norm/${name}`, [4]));
  const norm = builder.add("norm", "batchNorm", ["x", ...parameters], { epsilon: 1e-3, momentum: 0.9 });
  return builder.build(grow(builder, norm));
}

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ name, op, attributes }) => `${name}: ${op} ${"activation" in attributes ? attributes.activation : ""}`.trim());
const unary = (op: OpName) => (builder: GraphBuilder, norm: string) => [builder.add("after", "negate", [builder.add("act", op as "relu", [norm], {})], {})];

describe("fuseActivations", () => {
  it.each(["relu", "relu6"] as const)("joins %s and takes its name", (op) => {
    const graph = graphOf(unary(op));
    const fused = fuseActivations(graph);
    expect(opsOf(fused)).toEqual([`act: batchNorm ${op}`, "after: negate"]);
    expect(fused.nodes[0]).toMatchObject({ inputs: graph.nodes[0]?.inputs, attributes: { epsilon: 1e-3, momentum: 0.9 } });
    expect({ ...fused, nodes: [] }).toEqual({ ...graph, nodes: [] });
    expect(fuseActivations(fused)).toEqual(fused);
  });

  it.each([0, 1])("joins x * hardSigmoid(x), x on either side", (side) => {
    const fused = fuseActivations(
      graphOf((builder, norm) => {
        const gate = builder.add("gate", "hardSigmoid", [norm], {});
        return [builder.add("swish", "multiply", side === 0 ? [norm, gate] : [gate, norm], {})];
      }),
    );
    expect(opsOf(fused)).toEqual(["swish: batchNorm hardSwish"]);
    expect(fused.outputs).toEqual(["swish"]);
  });

  it.each<[string, (builder: GraphBuilder, norm: string) => readonly string[]]>([
    ["another activation", unary("sigmoid")],
    ["a norm that is an output", (builder, norm) => [builder.add("act", "relu", [norm], {}), norm]],
    ["a norm with another reader", (builder, norm) => [builder.add("sum", "add", [builder.add("act", "relu", [norm], {}), norm], {})]],
    ["a gate that is an output", (builder, norm) => [builder.add("act", "multiply", [norm, builder.add("gate", "hardSigmoid", [norm], {})], {}), "gate"]],
    ["a gate with another reader", (builder, norm) => [builder.add("act", "multiply", [norm, builder.add("gate", "hardSigmoid", [norm], {})], {}), builder.add("other", "negate", ["gate"], {})]],
    ["a product with something else", (builder, norm) => [builder.add("act", "multiply", [norm, builder.add("other", "hardSigmoid", ["x"], {})], {}), builder.add("gate", "hardSigmoid", [norm], {})]],
  ])("leaves %s alone", (_, grow) => {
    const graph = graphOf(grow);
    expect(fuseActivations(graph)).toEqual(graph);
  });
});
