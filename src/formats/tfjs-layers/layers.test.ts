/** Each layer class that the suite in read.test.ts does not have, made and saved by plain tf.layers and read by Graft: the same outputs. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { maxDifference, runWritten, saveLayers, wave } from "../testing/plain-tfjs.ts";
import { layerReaders } from "./layers.ts";
import { readTfjsLayers } from "./read.ts";

beforeAll(() => tf.setBackend("cpu"));
beforeEach(() => tf.disposeVariables());

type Layer = tf.layers.Layer;
const image = { inputShape: [6, 5, 3] };
const steps = { inputShape: [7, 3] };
const recurrent = { ...steps, units: 4, recurrentActivation: "sigmoid" } as const;

/** Layers in a row; the first one says what comes in. */
const cases: readonly (readonly [string, () => readonly Layer[]])[] = [
  ["Conv1D", () => [tf.layers.conv1d({ ...steps, filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "elu" })]],
  ["Conv1D, dilated", () => [tf.layers.conv1d({ ...steps, filters: 4, kernelSize: 2, dilationRate: 2, useBias: false })]],
  ["Conv2DTranspose", () => [tf.layers.conv2dTranspose({ ...image, filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "relu" })]],
  ["Conv2DTranspose, not padded", () => [tf.layers.conv2dTranspose({ ...image, filters: 2, kernelSize: [2, 4], strides: [3, 2], padding: "valid" })]],
  ["MaxPooling1D", () => [tf.layers.maxPooling1d({ ...steps, poolSize: 3, strides: 2, padding: "same" })]],
  ["AveragePooling1D", () => [tf.layers.averagePooling1d({ ...steps, poolSize: 2 })]],
  ["GlobalMaxPooling1D", () => [tf.layers.globalMaxPooling1d({ ...steps })]],
  ["Cropping2D", () => [tf.layers.cropping2D({ ...image, cropping: [[1, 2], [0, 1]] })]],
  ["Permute", () => [tf.layers.permute({ ...image, dims: [3, 1, 2] })]],
  ["RepeatVector", () => [tf.layers.repeatVector({ inputShape: [3], n: 4 })]],
  ["PReLU", () => [tf.layers.prelu({ ...image })]],
  ["PReLU, shared", () => [tf.layers.prelu({ ...image, sharedAxes: [1, 2] })]],
  ["ThresholdedReLU", () => [tf.layers.thresholdedReLU({ ...image, theta: 0.4 })]],
  ["ReLU, with a maximum", () => [tf.layers.reLU({ ...image, maxValue: 0.5 })]],
  ["Rescaling", () => [tf.layers.rescaling({ ...image, scale: 1 / 127.5, offset: -1 })]],
  ["SpatialDropout1D", () => [tf.layers.spatialDropout1d({ ...steps, rate: 0.5 }), tf.layers.dense({ units: 2 })]],
  ["GaussianNoise", () => [tf.layers.gaussianNoise({ ...steps, stddev: 0.5 }), tf.layers.dense({ units: 2 })]],
  ["GaussianDropout", () => [tf.layers.gaussianDropout({ ...steps, rate: 0.5 }), tf.layers.dense({ units: 2 })]],
  ["AlphaDropout", () => [tf.layers.alphaDropout({ ...steps, rate: 0.5 }), tf.layers.dense({ units: 2 })]],
  ["SimpleRNN", () => [tf.layers.simpleRNN({ ...steps, units: 4 })]],
  ["SimpleRNN, backwards, every step", () => [tf.layers.simpleRNN({ ...steps, units: 4, goBackwards: true, returnSequences: true, useBias: false, activation: "relu" })]],
  ["LSTM", () => [tf.layers.lstm(recurrent)]],
  ["LSTM, stacked", () => [tf.layers.lstm({ ...recurrent, recurrentActivation: "hardSigmoid", returnSequences: true }), tf.layers.lstm({ units: 2, recurrentActivation: "sigmoid" })]],
  ["GRU", () => [tf.layers.gru(recurrent)]],
  ["GRU, every step", () => [tf.layers.gru({ ...recurrent, returnSequences: true, useBias: false })]],
  ["Bidirectional LSTM", () => [tf.layers.bidirectional({ ...steps, layer: tf.layers.lstm({ units: 3, returnSequences: true }), mergeMode: "concat" })]],
  ["Bidirectional GRU, summed", () => [tf.layers.bidirectional({ ...steps, layer: tf.layers.gru({ units: 3, recurrentActivation: "sigmoid" }), mergeMode: "sum" })]],
  ["TimeDistributed", () => [tf.layers.timeDistributed({ inputShape: [2, 6, 5, 3], layer: tf.layers.conv2d({ filters: 2, kernelSize: 3, activation: "tanh" }) })]],
  ...(["relu6", "softplus", "softsign", "selu", "logSoftmax", "mish", "swish", "gelu", "gelu_new", "hardSigmoid"] as const).map((name) => [`Activation ${name}`, () => [tf.layers.activation({ ...steps, activation: name as "relu" })]] as const),
];

async function expectSame(model: tf.LayersModel, inputs: readonly tf.Tensor[]): Promise<void> {
  model.setWeights(model.getWeights().map((weight, i) => wave(weight.shape, { scale: 0.5, phase: i })));
  const { json, bytes } = await saveLayers(model);
  const read = readTfjsLayers(json, bytes);
  const got = await runWritten(read, Object.fromEntries(read.graph.inputs.map(({ name }, i) => [name, inputs[i] as tf.Tensor])));
  const want = model.predict([...inputs]) as tf.Tensor;
  expect(want.abs().max().dataSync()[0]).toBeGreaterThan(1e-3);
  expect(maxDifference(got, want)).toBeLessThan(1e-5);
}

describe("layers of TensorFlow.js compute the same", () => {
  it.each(cases)("%s", async (_, layers) => {
    const model = tf.sequential({ layers: [...layers()] });
    const [, ...shape] = model.inputs[0]?.shape ?? [];
    await expectSame(model, [wave([2, ...(shape as number[])])]);
  });

  it.each([
    ["vectors", [4], [4], 1, false],
    ["matrices", [3, 4], [5, 4], 2, false],
    ["other axes", [3, 4], [5, 3], [1, 2], false],
    ["a matrix and a vector", [3, 4], [4], [2, 1], false],
    ["a vector and a matrix", [4], [3, 4], [1, 2], false],
    ["cosines", [4], [4], -1, true],
  ] as const)("Dot of %s", async (_, a, b, axes, normalize) => {
    const inputs = [tf.input({ shape: [...a] }), tf.input({ shape: [...b] })];
    const output = tf.layers.dot({ axes: (typeof axes === "number" ? axes : [...axes]) as number, normalize }).apply(inputs) as tf.SymbolicTensor;
    await expectSame(tf.model({ inputs, outputs: output }), [wave([2, ...a]), wave([2, ...b], { phase: 1 })]);
  });

  it.each(["bilinear", "nearest"] as const)("Resizing, %s, as Keras has it, which TensorFlow.js cannot run in a model", async (interpolation) => {
    const model = tf.sequential({ layers: [tf.layers.resizing({ ...image, height: 9, width: 4, interpolation })] });
    const { json, bytes } = await saveLayers(model);
    const read = readTfjsLayers(json, bytes);
    const x = wave([2, 6, 5, 3]) as tf.Tensor4D;
    const got = await runWritten(read, { [read.graph.inputs[0]?.name ?? ""]: x });
    expect(maxDifference(got, interpolation === "bilinear" ? tf.image.resizeBilinear(x, [9, 4], false, true) : tf.image.resizeNearestNeighbor(x, [9, 4], false, true))).toBeLessThan(1e-5);
  });

  it("has a class of every kind that tf.layers saves, or refuses it", () => {
    const refused = ["Conv3D", "Conv3DTranspose", "ConvLSTM2D", "RNN", "StackedRNNCells", "MaxPooling3D", "AveragePooling3D", "Masking", "CenterCrop", "CategoryEncoding", "RandomWidth", "RandomHeight", "EinsumDense", "MultiHeadAttention"];
    expect(refused.filter((name) => Object.hasOwn(layerReaders, name))).toEqual([]);
    expect(Object.keys(layerReaders).length).toBe(52);
  });
});
