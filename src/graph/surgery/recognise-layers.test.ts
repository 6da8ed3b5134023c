/** Each pattern as exporters write it becomes its one op, with the same values; what is nearly one is left alone. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { execute } from "../../engine/execute.ts";
import { tf } from "../../engine/tf.ts";
import { GraphBuilder } from "../builder.ts";
import type { Model, OpName } from "../types.ts";
import { recogniseLayers } from "./recognise-layers.ts";

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

/** Adds ops of two operands by name; a number is a constant. */
class Writer {
  readonly builder = new GraphBuilder();
  private count = 0;

  constructor() {
    this.builder.input("x", [null, 5], "float32");
    this.builder.parameter("gamma", [5]);
    this.builder.parameter("beta", [5]);
  }

  add(op: OpName, ...operands: readonly (string | number)[]): string {
    const inputs = operands.map((operand) => (typeof operand === "string" ? operand : this.builder.add(`c${this.count++}`, "constant", [], { shape: [], values: [operand], dtype: "float32" })));
    return this.builder.add(`n${this.count++}`, op, inputs, {});
  }

  mean(x: string): string {
    return this.builder.add(`n${this.count++}`, "mean", [x], { axes: [1], keepDims: true });
  }

  model(output: string): Model {
    const weights = new Map([["gamma", Float32Array.of(1, 0.5, -2, 3, 0.1)], ["beta", Float32Array.of(0.3, -1, 0, 2, 5)]]);
    return { graph: this.builder.build([output]), weights };
  }
}

const centred = (w: Writer): string => w.add("subtract", "x", w.mean("x"));
const deviation = (w: Writer, x: string, square: (x: string) => string): string => w.add("sqrt", w.add("add", w.mean(square(x)), 1e-5));
const cube = (w: Writer): string => w.add("power", "x", 3);
const tanhGate = (w: Writer, third: string): string => w.add("add", w.add("tanh", w.add("multiply", w.add("add", "x", w.add("multiply", third, 0.044715)), 0.7978845608)), 1);

const cases: readonly (readonly [string, (w: Writer) => string, readonly OpName[]])[] = [
  ["silu", (w) => w.add("multiply", w.add("sigmoid", "x"), "x"), ["silu"]],
  ["gelu, PyTorch's order", (w) => w.add("multiply", w.add("multiply", "x", w.add("add", w.add("erf", w.add("divide", "x", Math.SQRT2)), 1)), 0.5), ["gelu"]],
  ["gelu, TensorFlow's order", (w) => w.add("multiply", w.add("multiply", 0.5, "x"), w.add("add", 1, w.add("erf", w.add("multiply", "x", Math.SQRT1_2)))), ["gelu"]],
  ["gelu by tanh", (w) => w.add("multiply", w.add("multiply", "x", 0.5), tanhGate(w, cube(w))), ["gelu"]],
  ["gelu by tanh, x three times", (w) => w.add("multiply", w.add("multiply", "x", 0.5), tanhGate(w, w.add("multiply", w.add("multiply", "x", "x"), "x"))), ["gelu"]],
  ["layer norm by power", (w) => ((c) => w.add("add", w.add("multiply", w.add("divide", c, deviation(w, c, (y) => w.add("power", y, 2))), "gamma"), "beta"))(centred(w)), ["layerNorm"]],
  ["layer norm by square and reciprocal", (w) => ((c) => w.add("add", "beta", w.add("multiply", "gamma", w.add("multiply", c, w.add("divide", 1, deviation(w, c, (y) => w.add("square", y)))))))(centred(w)), ["layerNorm"]],
  ["rms norm", (w) => w.add("multiply", "gamma", w.add("multiply", "x", w.add("divide", 1, deviation(w, "x", (y) => w.add("power", y, 2))))), ["rmsNorm"]],
  ["hard sigmoid", (w) => w.add("divide", w.add("relu6", w.add("add", "x", 3)), 6), ["hardSigmoid"]],
  ["hard swish", (w) => w.add("divide", w.add("multiply", "x", w.add("relu6", w.add("add", "x", 3))), 6), ["hardSigmoid", "multiply"]],
];

const nearly: readonly (readonly [string, (w: Writer) => string])[] = [
  ["a sigmoid of something else", (w) => w.add("multiply", w.add("sigmoid", w.add("multiply", "x", 1.702)), "x")],
  ["half of a gelu", (w) => w.add("multiply", w.add("multiply", "x", w.add("add", w.add("erf", w.add("divide", "x", Math.SQRT2)), 1)), 0.25)],
  ["a variance of something else", (w) => ((c) => w.add("add", w.add("multiply", w.add("divide", c, deviation(w, "x", (y) => w.add("square", y))), "gamma"), "beta"))(centred(w))],
];

function run({ graph, weights }: Model): { shape: readonly number[]; dtype: "float32"; values: readonly number[] } {
  const x = tf.tensor2d(Array.from({ length: 15 }, (_, i) => 3 * Math.sin(1.3 * i)), [3, 5]);
  const values = new Map<string, tf.Tensor>([["x", x], ...[...weights].map(([name, data]) => [name, tf.tensor1d(data)] as const)]);
  const result = execute(graph, values).get(graph.outputs[0] as string) as tf.Tensor;
  return { shape: result.shape, dtype: "float32", values: [...result.dataSync()] };
}

describe("layers that were spelt out", () => {
  it.each(cases)("%s", (_, write, ops) => {
    const writer = new Writer();
    const model = writer.model(write(writer));
    const found = recogniseLayers(model);
    expect(found.graph.nodes.map(({ op }) => op)).toEqual(ops);
    expect(found.graph.outputs).toEqual(model.graph.outputs);
    expect(run(found)).toBeAllClose(run(model), { rtol: 1e-4, atol: 1e-5 });
  });

  it.each(nearly)("%s is left alone", (_, write) => {
    const writer = new Writer();
    const model = writer.model(write(writer));
    expect(recogniseLayers(model)).toBe(model);
  });
});
