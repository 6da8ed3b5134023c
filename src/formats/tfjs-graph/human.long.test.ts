/**
 * Every graph model in @vladmandic/human, as its folder has them, on wasm: outputs against TensorFlow.js's own executor, and
 * gradients against finite differences. A model with control flow must be refused with the nodes that are.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../core/rng.ts";
import { useBackend } from "../../engine/backend.ts";
import { execute } from "../../engine/execute.ts";
import { toTensor } from "../../engine/module.ts";
import { variableGradients } from "../../engine/tape.ts";
import { inferDTypes } from "../../graph/shapes.ts";
import { prune } from "../../graph/surgery/prune.ts";
import type { Model, WeightValues } from "../../graph/types.ts";
import { loadGraphModel, maxDifference } from "../testing/plain-tfjs.ts";
import { readTfjsGraph } from "./read.ts";

const folder = "node_modules/@vladmandic/human/models";
const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

interface PublishedJson extends Record<string, unknown> {
  readonly modelTopology: { readonly node: readonly { readonly name: string; readonly op: string }[] };
  readonly signature?: { readonly outputs: Readonly<Record<string, { readonly name: string }>> };
  readonly userDefinedMetadata?: { readonly signature?: PublishedJson["signature"] };
}

interface Published {
  readonly name: string;
  readonly json: PublishedJson;
  readonly bytes: Uint8Array;
}

const published: readonly Published[] = readdirSync(folder)
  .filter((file) => file.endsWith(".json") && readdirSync(folder).includes(file.replace(/json$/, "bin")))
  .map((file) => ({ name: file.replace(/\.json$/, ""), json: JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as PublishedJson, bytes: new Uint8Array(readFileSync(`${folder}/${file.replace(/json$/, "bin")}`)) }));
const hasControlFlow = ({ json }: Published): boolean => json.modelTopology.node.some(({ op }) => ["Switch", "Merge", "Enter", "While", "StatelessWhile", "If", "StatelessIf"].includes(op));
const readable = published.filter((model) => !hasControlFlow(model));

beforeAll(() => useBackend("wasm", { wasmPath }));

/** Smooth, different in every channel, in 0..255 for integers and 0..1 for floats, which is what these models take. */
function image(model: Model): ReadonlyMap<string, tf.Tensor> {
  return new Map(
    model.graph.inputs.map(({ name, shape, dtype }) => {
      const full = shape.map((dim) => dim ?? 1);
      const [, , width = 1, channels = 1] = full;
      const values = Float32Array.from({ length: full.reduce((a, b) => a * b, 1) }, (_, i) => {
        const [channel, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
        return 0.5 + 0.25 * Math.sin(0.11 * x + channel) + 0.25 * Math.cos(0.07 * y + 0.02 * x - 2 * channel);
      });
      return [name, dtype === "int32" ? tf.tensor(values.map((value) => Math.round(255 * value)), full, "int32") : tf.tensor(values, full)];
    }),
  );
}

/** Of the model as it is, or with one parameter's values changed. */
function run(model: Model, inputs: ReadonlyMap<string, tf.Tensor>, changed: ReadonlyMap<string, WeightValues> = new Map()): tf.Tensor[] {
  return tf.tidy(() => {
    const parameters = model.graph.parameters.map((parameter) => [parameter.name, toTensor(parameter, changed.get(parameter.name) ?? (model.weights.get(parameter.name) as WeightValues))] as const);
    const outputs = execute(model.graph, new Map([...inputs, ...parameters]), { release: true });
    return model.graph.outputs.map((name) => outputs.get(name) as tf.Tensor);
  });
}

const factorsOf = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => 1 + 0.5 * Math.sin(0.7 * i + 0.4));

/** The mean of each output times fixed factors, summed up in 64 bits. Nothing cancels out, or rounding would be all that is left. */
function lossOf(outputs: readonly tf.Tensor[]): number {
  return outputs.reduce((sum, output) => {
    const factors = factorsOf(output.size);
    return sum + (output.dataSync() as Float32Array).reduce((total, value, i) => total + value * (factors[i] as number), 0) / output.size;
  }, 0);
}

function gradientsOf(model: Model, inputs: ReadonlyMap<string, tf.Tensor>): Map<string, Float32Array> {
  const variables = new Map(model.graph.parameters.filter(({ role }) => role === "weight").map((parameter) => [parameter.name, tf.variable(toTensor(parameter, model.weights.get(parameter.name) as WeightValues))]));
  const fixed = model.graph.parameters.filter(({ role }) => role !== "weight").map((parameter) => [parameter.name, toTensor(parameter, model.weights.get(parameter.name) as WeightValues)] as const);
  const { value, grads } = variableGradients(() => {
    const outputs = execute(model.graph, new Map<string, tf.Tensor>([...inputs, ...fixed, ...variables]), { release: true });
    const parts = model.graph.outputs.map((name) => {
      const output = outputs.get(name) as tf.Tensor;
      return tf.mean(tf.mul(tf.reshape(output, [-1]), tf.tensor1d(factorsOf(output.size))));
    });
    return tf.addN(parts) as tf.Scalar;
  }, [...variables.values()]);
  const gradients = new Map([...variables].flatMap(([name, variable]) => (grads[variable.name] ? [[name, grads[variable.name]?.dataSync().slice() as Float32Array] as const] : [])));
  tf.dispose([value, ...Object.values(grads), ...variables.values(), ...fixed.map(([, tensor]) => tensor)]);
  return gradients;
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/**
 * How the loss changes along a direction in one parameter: central differences with ever smaller steps, until two in a row agree
 * to 1%, or else the two that agree best. Large steps cross the kinks of ReLUs, small ones drown in the rounding of float32;
 * neither knows the gradient.
 */
function slope(model: Model, inputs: ReadonlyMap<string, tf.Tensor>, parameter: string, direction: Float32Array): number {
  const weights = model.weights.get(parameter) as Float32Array;
  const unit = norm(weights) / norm(direction);
  const at = (distance: number): number => {
    const outputs = run(model, inputs, new Map([[parameter, weights.map((weight, i) => weight + distance * (direction[i] as number))]]));
    const loss = lossOf(outputs);
    tf.dispose(outputs);
    return loss;
  };
  let [best, difference, before] = [NaN, Infinity, NaN];
  for (let step = unit * 3e-4; step > unit * 1e-6 && difference > 0.01; step /= 4) {
    const now = (at(step) - at(-step)) / (2 * step);
    const change = Math.abs(now / before - 1);
    if (change < difference) [best, difference] = [now, change];
    before = now;
  }
  return best;
}

const discrete: readonly string[] = ["argMax", "topKIndices", "compare", "floor", "ceil", "round", "sign"];

/**
 * The model up to where it chooses (the best place, the k best boxes): what comes after jumps, and finite differences across a jump
 * say nothing. A model that chooses nothing is all of it.
 */
function smoothPart(model: Model): Model {
  const { graph } = model;
  const chosen = new Set<string>();
  for (const { name, op, inputs } of graph.nodes) if (discrete.includes(op) || inputs.some((input) => chosen.has(input))) chosen.add(name);
  if (!graph.outputs.some((name) => chosen.has(name))) return model;
  const dtypes = inferDTypes(graph);
  const computed = new Set(graph.nodes.map(({ name }) => name));
  const read = graph.nodes.filter(({ name }) => chosen.has(name)).flatMap(({ inputs }) => inputs);
  const outputs = [...new Set([...graph.outputs, ...read])].filter((name) => computed.has(name) && !chosen.has(name) && dtypes.get(name) === "float32");
  return { graph: prune(graph, outputs), weights: model.weights };
}

describe("the graph models of @vladmandic/human", () => {
  it("are all found", () => {
    expect(published.length).toBeGreaterThanOrEqual(11);
    expect(readable.length).toBeGreaterThanOrEqual(10);
  });

  it.each(published.filter(hasControlFlow))("$name: refused, with the nodes that are control flow", ({ json, bytes }) => {
    const { name = "" } = json.modelTopology.node.find(({ op }) => op === "LoopCond" || op === "If") ?? {};
    expect(name).not.toBe("");
    expect(() => readTfjsGraph(json, bytes)).toThrow(new RegExp(`control flow.*"${name}"`));
  });

  it.each(readable)("$name: outputs as TensorFlow.js's executor has them, gradients as finite differences", async ({ json, bytes }) => {
    const model = readTfjsGraph(json, bytes);
    const inputs = image(model);
    const executor = await loadGraphModel({ modelJson: json, weightData: bytes.slice().buffer });
    const names = Object.values((json.signature ?? json.userDefinedMetadata?.signature)?.outputs ?? {}).map((output) => output.name);
    expect(names.length).toBe(model.graph.outputs.length);
    const [input] = [...inputs.values()];
    const want = [tf.tidy(() => executor.execute({ [executor.inputs[0]?.name ?? ""]: input as tf.Tensor }, names))].flat();
    const got = run(model, inputs);
    got.forEach((output, i) => {
      const wanted = want[i] as tf.Tensor;
      const scale = Math.max(1, wanted.abs().max().dataSync()[0] as number);
      expect(maxDifference(output, wanted) / scale, `output ${names[i]}`).toBeLessThan(1e-4);
    });

    const gradients = gradientsOf(model, inputs);
    expect(gradients.size).toBeGreaterThan(0);
    expect([...gradients].filter(([, gradient]) => !gradient.every(Number.isFinite)).map(([parameter]) => parameter)).toEqual([]);

    const smooth = smoothPart(model);
    const compared = smooth === model ? gradients : gradientsOf(smooth, inputs);
    // Those that matter most: a float32 loss does not move for a weight that hardly does anything.
    const ranked = [...compared].toSorted(([a, x], [b, y]) => norm(y) * norm(model.weights.get(b) as Float32Array) - norm(x) * norm(model.weights.get(a) as Float32Array));
    const rng = new Rng(5);
    // Each costs a few runs of the model: two of them, one where the image is large.
    for (const place of (input as tf.Tensor).size > 150_000 ? [0.05] : [0.05, 0.35]) {
      const [parameter, gradient] = ranked[Math.floor(place * ranked.length)] as [string, Float32Array];
      // Along the gradient and as much across it.
      const across = gradient.map(() => rng.normal());
      const [length, width] = [norm(gradient), norm(across)];
      const direction = gradient.map((value, i) => value / length + (across[i] as number) / width);
      const ratio = dot(gradient, direction) / slope(smooth, inputs, parameter, direction);
      expect(Math.abs(ratio - 1), `gradient of "${parameter}" over finite differences, less 1`).toBeLessThan(0.05);
    }
    tf.dispose([...inputs.values(), ...got, ...want]);
    executor.dispose();
  }, 200_000);
});
