/** Whole models as PyTorch exports them: its outputs and gradients, onnxruntime's outputs, the layout and the names. The models are made by tools/reference/onnx_models.py. */
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { GraphModule } from "../../engine/module.ts";
import { tf } from "../../engine/tf.ts";
import { countTransposes } from "../../graph/surgery/cancel-transposes.ts";
import type { Model } from "../../graph/types.ts";
import goldens from "./goldens/models.json" with { type: "json" };
import { readOnnx, type ReadOnnxOptions } from "./read.ts";

interface Case {
  readonly name: string;
  readonly output: { readonly shape: readonly number[]; readonly dtype: "float32"; readonly values: readonly number[] };
  /** By PyTorch's name, sorted. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}
const cases = goldens.cases as unknown as readonly Case[];
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`./goldens/${name}.onnx`, import.meta.url)));
const read = (name: string, options?: ReadOnnxOptions): Model => readOnnx(bytesOf(name), options);

/** The script's inputs, as the file has them: channels first. */
const inputShapes: Readonly<Record<string, readonly number[]>> = { cnn: [3, 20, 14], mobile: [3, 8, 10], encoder: [6], "encoder-17": [6], lstm: [4, 3] };
function inputOf(name: string, batch: number): tf.Tensor {
  const shape = [batch, ...(inputShapes[name] as readonly number[])];
  if (name.startsWith("encoder")) return tf.tensor(Array.from({ length: batch * 6 }, (_, i) => (3 * (i % 6) + 5 * Math.floor(i / 6)) % 11), shape, "int32");
  const count = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(Float32Array.from({ length: count }, (_, i) => Math.sin(0.37 * i)), shape);
}

/** In the layout that the read graph asks for. */
const given = (model: Model, x: tf.Tensor): tf.Tensor => (model.graph.inputs[0]?.shape[3] === 3 ? tf.transpose(x, [0, 2, 3, 1]) : x);

function run(model: Model, x: tf.Tensor, trainable: ReadonlySet<string> = new Set()): { output: tf.Tensor; gradients: ReadonlyMap<string, tf.Tensor> } {
  const module = new GraphModule(model, trainable);
  const activations = module.runTrunk(new Map([[model.graph.inputs[0]?.name as string, given(model, x)]]));
  if (trainable.size === 0) return { output: module.runTail(activations), gradients: new Map() };
  const { output, gradients } = module.gradients(activations, (y) => tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.mul(tf.range(0, y.size), 0.61)), y.shape))), { value: 0, tensor: null });
  return { output, gradients };
}

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

describe("ONNX models from PyTorch", () => {
  it("are those of the script", () => {
    expect(cases.map(({ name }) => name)).toEqual(["cnn", "mobile", "encoder", "encoder-17", "lstm"]);
  });

  it.each(cases)("$name: a batch of two gives PyTorch's outputs, whatever batch the file fixes", ({ name, output }) => {
    const model = read(name);
    expect(model.graph.inputs[0]?.shape[0]).toBe(null);
    const got = run(model, inputOf(name, 2)).output;
    expect({ shape: got.shape, values: [...got.dataSync()] }).toBeAllClose(output, { rtol: 1e-4, atol: 1e-5 });
  });

  it.each(cases)("$name: every weight has PyTorch's gradient, under PyTorch's name", ({ name, gradients }) => {
    const model = read(name);
    const weights = model.graph.parameters.filter(({ role }) => role === "weight").map((parameter) => parameter.name);
    const got = run(model, inputOf(name, 2), new Set(weights)).gradients;
    // A recurrent layer is one node with the weights of all its gates and directions.
    const wanted = Object.entries(gradients).filter(([key]) => !/(lstm|gru)/.test(key));
    expect(wanted.length).toBeGreaterThan(1);
    for (const [key, values] of wanted) {
      const path = key.replaceAll(".", "/");
      expect(weights, path).toContain(path);
      const sorted = Float32Array.from(got.get(path)?.dataSync() ?? []).sort();
      const scale = Math.max(...values.map(Math.abs), 1e-2);
      expect({ shape: [sorted.length], values: [...sorted] }, path).toBeAllClose({ shape: [values.length], values }, { rtol: 1e-3, atol: 1e-4 * scale });
    }
  });

  it.each(cases)("$name: onnxruntime says the same of the file", async ({ name }) => {
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(bytesOf(name));
    const x = inputOf(name, 1);
    const feed = name.startsWith("encoder") ? new ort.Tensor("int64", BigInt64Array.from([...x.dataSync()], BigInt), x.shape) : new ort.Tensor("float32", x.dataSync() as Float32Array, x.shape);
    const want = (await session.run({ input: feed }))["output"] as ort.Tensor;
    const got = run(read(name), x).output;
    expect({ shape: got.shape, values: [...got.dataSync()] }).toBeAllClose({ shape: want.dims, values: [...(want.data as Float32Array)] }, { rtol: 1e-4, atol: 1e-5 });
    await session.release();
  });

  it.each(["cnn", "mobile"])("%s: an image goes in with its channels last, and nothing is transposed", (name) => {
    const { graph } = read(name);
    expect(graph.inputs[0]?.shape).toEqual([null, ...[1, 2, 0].map((axis) => inputShapes[name]?.[axis])]);
    expect(countTransposes(graph)).toBe(0);
  });

  it("keep the file's own layout where asked", () => {
    const { graph } = read("cnn", { imageInputs: "file", batch: "file" });
    expect(graph.inputs[0]?.shape).toEqual([null, 3, 20, 14]);
    expect(countTransposes(graph)).toBe(1);
    expect(read("mobile", { batch: "file" }).graph.inputs[0]?.shape).toEqual([1, 8, 10, 3]);
  });

  it("have their LayerNorm and GELU back", () => {
    const ops = (name: string): readonly string[] => read(name).graph.nodes.map(({ op }) => op).filter((op) => op === "layerNorm" || op === "gelu");
    expect(ops("encoder")).toEqual(["layerNorm", "gelu", "layerNorm"]);
    expect(ops("encoder-17")).toEqual(["layerNorm", "gelu", "layerNorm"]);
  });
});
