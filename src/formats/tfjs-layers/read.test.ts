/** Models made and saved by plain tf.layers, read by Graft, written as graph models, and run by plain TensorFlow.js again. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { layerGroups, leavesOf } from "../../graph/layer-groups.ts";
import { countRefusedWithin } from "../testing/mutate.ts";
import { maxDifference, runWritten, saveLayers, wave } from "../testing/plain-tfjs.ts";
import { readTfjsLayers } from "./read.ts";

beforeAll(() => tf.setBackend("cpu"));
beforeEach(() => tf.disposeVariables());

/** Weights unlike any initializer's, so that a swapped pair shows. */
function scramble(model: tf.LayersModel): void {
  model.setWeights(model.getWeights().map((weight, i) => (weight.shape.length === 1 ? wave(weight.shape, { scale: 0.4, phase: i }).square().add(0.1) : wave(weight.shape, { scale: 0.6, phase: i }))));
}

async function expectSamePredictions(model: tf.LayersModel, input: tf.Tensor): Promise<void> {
  scramble(model);
  const { json, bytes } = await saveLayers(model);
  const read = readTfjsLayers(json, bytes);
  const [name] = read.graph.inputs.map((each) => each.name);
  const got = await runWritten(read, { [name as string]: input });
  const want = model.predict(input) as tf.Tensor;
  expect(want.abs().max().dataSync()[0]).toBeGreaterThan(1e-3);
  expect(maxDifference(got, want)).toBeLessThan(1e-5);
}

const image = (): tf.Tensor => wave([2, 9, 7, 3]);

/** A small MobileNet: every kind of layer between the image and the classes. */
function convolutional(): tf.LayersModel {
  const input = tf.input({ shape: [9, 7, 3], name: "image" });
  const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor => layer.apply(x) as tf.SymbolicTensor;
  let x = apply(tf.layers.zeroPadding2d({ padding: [[0, 1], [2, 1]] }), input);
  x = apply(tf.layers.conv2d({ filters: 6, kernelSize: [3, 2], strides: 2, padding: "valid", useBias: false, name: "stem" }), x);
  x = apply(tf.layers.batchNormalization({ name: "stem_bn", epsilon: 0.01 }), x);
  const stem = apply(tf.layers.reLU({ maxValue: 6 }), x);
  x = apply(tf.layers.depthwiseConv2d({ kernelSize: 3, padding: "same", depthMultiplier: 2, activation: "swish", name: "depthwise" }), stem);
  x = apply(tf.layers.separableConv2d({ filters: 6, kernelSize: 3, padding: "same", activation: "tanh", name: "separable" }), x);
  x = apply(tf.layers.add(), [x, stem]);
  const y = apply(tf.layers.multiply(), [apply(tf.layers.leakyReLU({ alpha: 0.1 }), x), apply(tf.layers.activation({ activation: "hardSigmoid" }), stem)]);
  x = apply(tf.layers.concatenate(), [x, y, apply(tf.layers.average(), [x, y]), apply(tf.layers.maximum(), [x, y])]);
  x = apply(tf.layers.upSampling2d({ size: [2, 3] }), x);
  x = apply(tf.layers.maxPooling2d({ poolSize: 2, padding: "same" }), x);
  x = apply(tf.layers.averagePooling2d({ poolSize: [2, 1], strides: 1, padding: "valid" }), x);
  x = apply(tf.layers.layerNormalization({ name: "norm" }), x);
  const pooled = [apply(tf.layers.globalAveragePooling2d({}), x), apply(tf.layers.globalMaxPooling2d({}), x)];
  x = apply(tf.layers.concatenate(), pooled);
  x = apply(tf.layers.reshape({ targetShape: [12, 4] }), x);
  x = apply(tf.layers.elu(), x);
  x = apply(tf.layers.flatten(), x);
  x = apply(tf.layers.dropout({ rate: 0.3 }), x);
  x = apply(tf.layers.dense({ units: 5, name: "logits" }), x);
  return tf.model({ inputs: input, outputs: apply(tf.layers.softmax(), x) });
}

describe("TensorFlow.js layers models", () => {
  it("predict the same after reading and writing: convolutions, norms, pools, merges", () => expectSamePredictions(convolutional(), image()));

  it("predict the same: a sequential model of embeddings", () => {
    const layers = [tf.layers.embedding({ inputDim: 11, outputDim: 6, inputLength: 5 }), tf.layers.dense({ units: 4, activation: "relu6" }), tf.layers.globalAveragePooling1d({}), tf.layers.dense({ units: 1, activation: "sigmoid" })];
    return expectSamePredictions(tf.sequential({ layers }), tf.tensor2d([3, 1, 4, 1, 5, 9, 2, 6, 5, 10], [2, 5], "int32"));
  });

  it("predict the same: a functional model within a sequential one", async () => {
    const inner = convolutional();
    const model = tf.sequential({ layers: [inner, tf.layers.dense({ units: 3, name: "top", useBias: false })] });
    await expectSamePredictions(model, image());
    const { graph } = readTfjsLayers(...Object.values(await saveLayers(model)) as [unknown, Uint8Array]);
    expect(graph.parameters.map(({ name }) => name)).toContain(`${inner.name}/stem/kernel`);
  });

  it("predict the same: one layer called twice shares its parameters", async () => {
    const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
    const shared = tf.layers.dense({ units: 3, name: "shared" });
    const difference = tf.layers.dense({ units: 2, name: "top" }).apply(tf.layers.concatenate().apply([shared.apply(a), shared.apply(b)] as tf.SymbolicTensor[]));
    const model = tf.model({ inputs: [a, b], outputs: difference as tf.SymbolicTensor });
    scramble(model);
    const { json, bytes } = await saveLayers(model);
    const read = readTfjsLayers(json, bytes);
    expect(read.graph.parameters.map(({ name }) => name)).toEqual(["shared/kernel", "shared/bias", "top/kernel", "top/bias"]);
    const inputs = [wave([2, 4]), wave([2, 4], { phase: 2 })] as const;
    const got = await runWritten(read, Object.fromEntries(read.graph.inputs.map(({ name }, i) => [name, inputs[i] as tf.Tensor])));
    expect(maxDifference(got, model.predict([...inputs]) as tf.Tensor)).toBeLessThan(1e-5);
  });

  it("show their layers as groups, and statistics as statistics", async () => {
    const { json, bytes } = await saveLayers(convolutional());
    const { graph } = readTfjsLayers(json, bytes);
    const details = new Map(leavesOf(layerGroups(graph)).map(({ path, detail }) => [path, detail]));
    expect(details.get("stem")).toBe("Conv 3x2, 3 → 6");
    expect(details.get("stem_bn")).toBe("Batch norm 6");
    expect(details.get("logits")).toBe("Dense 48 → 5");
    expect(graph.parameters.filter(({ role }) => role === "statistic").map(({ name }) => name)).toEqual(["stem_bn/mean", "stem_bn/variance"]);
  });

  it("are read as Keras 3 writes them, too", async () => {
    const { json, bytes } = await saveLayers(convolutional());
    const asKeras3 = (value: unknown, key = ""): unknown => {
      if (key === "activation" && typeof value === "string") return { module: "builtins", class_name: "function", config: value };
      if (key === "dtype" && typeof value === "string") return { module: "keras", class_name: "DTypePolicy", config: { name: value } };
      if (key === "inbound_nodes") return (value as unknown[][][]).map((call) => ({ args: call.length > 1 ? [call.map(tensor)] : call.map(tensor), kwargs: {} }));
      if (key === "input_layers" || key === "output_layers") return (value as unknown[][])[0];
      if (Array.isArray(value)) return value.map((item) => asKeras3(item));
      if (typeof value !== "object" || value === null) return value === "Model" ? "Functional" : value;
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name === "batch_input_shape" ? "batch_shape" : name, asKeras3(item, name)]));
    };
    const tensor = ([name, call, output]: unknown[]): unknown => ({ class_name: "__keras_tensor__", config: { shape: [null, 1], dtype: "float32", keras_history: [name, call, output] } });
    const topology = { model_config: asKeras3(json.modelTopology), keras_version: "3.4.1" };
    expect(JSON.stringify(topology)).toContain("keras_history");
    expect(readTfjsLayers({ ...json, modelTopology: topology }, bytes)).toEqual(readTfjsLayers(json, bytes));
  });

  it.each(["uint8", "uint16", "float16"] as const)("restore weights quantised to %s", async (dtype) => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4], useBias: false, name: "dense" })] });
    const { json } = await saveLayers(model);
    const spec = (json.weightsManifest as { weights: Record<string, unknown>[] }[])[0]?.weights[0] as Record<string, unknown>;
    spec.quantization = { dtype, scale: 0.5, min: -1, original_dtype: "float32" };
    const stored = Array.from({ length: 12 }, (_, i) => i + 1);
    const bytes = dtype === "uint8" ? Uint8Array.from(stored) : new Uint8Array(Uint16Array.from(stored, (value) => (dtype === "float16" ? 0x3c00 + value : value)).buffer);
    const want = stored.map((value) => (dtype === "float16" ? 1 + value / 1024 : value * 0.5 - 1));
    expect([...(readTfjsLayers(json, bytes).weights.get("dense/kernel") ?? [])]).toEqual(want);
  });

  it("are refused with a sentence: unsupported layers, channels first, weights that do not fit", async () => {
    const inner = tf.sequential({ layers: [tf.layers.masking({ inputShape: [3, 4], name: "mask" })] });
    const unknown = await saveLayers(tf.sequential({ layers: [inner, tf.layers.timeDistributed({ layer: tf.layers.repeatVector({ n: 2 }), inputShape: [3, 4] }), tf.layers.centerCrop({ height: 2, width: 2, name: "crop" })] }));
    expect(() => readTfjsLayers(unknown.json, unknown.bytes)).toThrow(/these layers: "mask" \(Masking\), "crop" \(CenterCrop\)\. Expected InputLayer, Conv2D, /);
    const first = await saveLayers(tf.sequential({ layers: [tf.layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [3, 8, 8], dataFormat: "channelsFirst", name: "conv" })] }));
    expect(() => readTfjsLayers(first.json, first.bytes)).toThrow(/"conv" \(Conv2D\): its data format is channels/);
    const dense = await saveLayers(tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] }));
    expect(() => readTfjsLayers(dense.json, dense.bytes.subarray(4))).toThrow(/its values end at byte 32, the shards have 28 bytes/);
    expect(() => readTfjsLayers(dense.json, new Uint8Array([...dense.bytes, 0, 0]))).toThrow(/the shards have 34 bytes, model.json describes 32/);
  });

  it("load or are refused with a sentence, however damaged", async () => {
    const { json, bytes } = await saveLayers(convolutional());
    const refused = countRefusedWithin(500, 1, { json, bytes }, (damaged) => void readTfjsLayers(damaged.json, damaged.bytes));
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(500);
  });
});
