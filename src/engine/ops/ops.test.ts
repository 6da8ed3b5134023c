/** Every op in Node: on the cpu backend, which is TensorFlow.js's own reference, and on wasm without threads; and what the graph says of it beforehand. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inferDTypes, inferShapes } from "../../graph/shapes.ts";
import type { GraphNode } from "../../graph/types.ts";
import { describeOps, opCases } from "./describe-op.ts";

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeOps("cpu", wasmPath);
describeOps("wasm", wasmPath);

describe("the graph's rules", () => {
  it.each(opCases.map((opCase) => [`${opCase.op}: ${opCase.name}`, opCase] as const))("tell the shape and type of %s", (_, { op, attributes, inputs, output }) => {
    const names = inputs.map((_input, i) => `in${i}`);
    const graph = {
      inputs: inputs.map(({ shape, dtype }, i) => ({ name: `in${i}`, shape, dtype })),
      parameters: [],
      nodes: [{ name: "node", op, inputs: names, attributes } as unknown as GraphNode],
      outputs: ["node"],
    };
    expect(inferShapes(graph).get("node")).toEqual(output.shape);
    expect(inferDTypes(graph).get("node")).toBe(output.dtype);
  });
});
