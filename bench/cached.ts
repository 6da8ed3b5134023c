/**
 * What keeping the frozen trunk's outputs is worth: epochs of head-only training in Graft after the first, beside the same
 * training by TensorFlow.js's own LayersModel.fit, interleaved in one run on one backend. Both sides start from the
 * same network with the same weights, handed over as TensorFlow.js's own saved model.
 */
import { fileURLToPath } from "node:url";
import { Rng } from "../src/core/rng.ts";
import { useBackend } from "../src/engine/backend.ts";
import { GraphModule } from "../src/engine/module.ts";
import { tf } from "../src/engine/tf.ts";
import { readTfjsLayers } from "../src/formats/tfjs-layers/read.ts";
import { resolveUnfreeze } from "../src/graph/unfreeze.ts";
import type { LoadedModel } from "../src/models/types.ts";
import { parseRecipe } from "../src/protocol/recipe.ts";
import { graftClassifier } from "../src/tasks/classification/head.ts";
import { classificationObjective } from "../src/tasks/classification/objective.ts";
import { ActivationCache } from "../src/train/activations.ts";
import { RunControl } from "../src/train/control.ts";
import type { ExampleSource } from "../src/train/examples.ts";
import { train, viewsOf } from "../src/train/loop.ts";
import type { Measured } from "./parts.ts";
import type { Row } from "./results.ts";

const size = 96;
const classes = 2;
const exampleCount = 64;
const batchSize = 16;
const rounds = 3;
const epochsPerRound = 3;

/** Stem and inverted bottlenecks of a small MobileNetV2, built with tf.layers. */
function trunk(): tf.LayersModel {
  const input = tf.input({ shape: [size, size, 3] });
  let x = conv(input, 16, 3, 2, "stem");
  for (const [block, [channels, strides]] of ([[16, 1], [24, 2], [24, 1], [32, 2], [32, 1], [64, 2], [64, 1], [96, 1], [160, 2], [160, 1]] as const).entries()) {
    const path = `block_${block + 1}`;
    const from = x.shape.at(-1) as number;
    let inner = conv(x, from * 4, 1, 1, `${path}_expand`);
    inner = tf.layers.depthwiseConv2d({ kernelSize: 3, strides, padding: "same", useBias: false, name: `${path}_depthwise` }).apply(inner) as tf.SymbolicTensor;
    inner = activated(inner, `${path}_depthwise`);
    inner = tf.layers.conv2d({ filters: channels, kernelSize: 1, useBias: false, name: `${path}_project` }).apply(inner) as tf.SymbolicTensor;
    inner = tf.layers.batchNormalization({ name: `${path}_project_norm` }).apply(inner) as tf.SymbolicTensor;
    x = strides === 1 && from === channels ? (tf.layers.add({ name: `${path}_add` }).apply([x, inner]) as tf.SymbolicTensor) : inner;
  }
  const pooled = tf.layers.globalAveragePooling2d({ name: "pool" }).apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: pooled });
}

function conv(x: tf.SymbolicTensor, filters: number, kernelSize: number, strides: number, name: string): tf.SymbolicTensor {
  return activated(tf.layers.conv2d({ filters, kernelSize, strides, padding: "same", useBias: false, name }).apply(x) as tf.SymbolicTensor, name);
}

function activated(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
  const normed = tf.layers.batchNormalization({ name: `${name}_norm` }).apply(x) as tf.SymbolicTensor;
  return tf.layers.reLU({ maxValue: 6, name: `${name}_relu` }).apply(normed) as tf.SymbolicTensor;
}

async function saved(model: tf.LayersModel): Promise<{ json: unknown; bytes: Uint8Array }> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler((made) => {
      artifacts = made;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" as const } });
    }),
  );
  const bytes = new Uint8Array(tf.io.concatenateArrayBuffers([artifacts?.weightData as ArrayBuffer]));
  return { json: { modelTopology: artifacts?.modelTopology, weightsManifest: [{ paths: ["weights.bin"], weights: artifacts?.weightSpecs }] }, bytes };
}

const pixels = Array.from({ length: exampleCount }, (_, example) => Float32Array.from({ length: size * size * 3 }, (_, i) => Math.sin(i * (0.01 + (example % classes) * 0.01) + example)));
const labels = pixels.map((_, example) => example % classes);

/** @returns runs epochs of `fit`, one at a time, and gives the seconds of each. */
function plainSide(base: tf.LayersModel): () => Promise<number[]> {
  base.trainable = false;
  for (const layer of base.layers) layer.trainable = false;
  const dense = tf.layers.dense({ units: classes, activation: "softmax", name: "dense" }).apply(base.outputs[0] as tf.SymbolicTensor) as tf.SymbolicTensor;
  const plain = tf.model({ inputs: base.inputs, outputs: dense });
  plain.compile({ optimizer: tf.train.adam(0.002), loss: "sparseCategoricalCrossentropy" });
  const xs = tf.stack(pixels.map((values) => tf.tensor3d(values, [size, size, 3])));
  const ys = tf.tensor1d(labels, "float32");
  return async () => {
    const seconds: number[] = [];
    for (let epoch = 0; epoch < epochsPerRound; epoch++) {
      const startMs = performance.now();
      await plain.fit(xs, ys, { epochs: 1, batchSize, verbose: 0 });
      seconds.push((performance.now() - startMs) / 1000);
    }
    return seconds;
  };
}

/** @returns runs a training and gives the seconds of each epoch after the first; validation on one batch, as little as the loop allows. */
function graftSide({ json, bytes }: { readonly json: unknown; readonly bytes: Uint8Array }): () => Promise<{ seconds: number[]; preparationSeconds: number }> {
  const model = readTfjsLayers(json, bytes);
  const loaded: LoadedModel = { model, features: model.graph.outputs[0] as string, blocks: [], input: { kind: "image", name: model.graph.inputs[0]?.name ?? "" }, licence: "" };
  const recipe = parseRecipe({ task: "image-classification", model: "bench", optimizer: "adam", weightDecay: 0, dropout: 0, batchSize, epochs: epochsPerRound + 1, earlyStopping: { enabled: false } });
  const rng = new Rng(1);
  const grafted = graftClassifier(loaded, recipe, Array.from({ length: classes }, (_, i) => `class ${i}`), rng);
  const source: ExampleSource = {
    inputName: loaded.input.name,
    dtype: "float32",
    augmentedViews: 0,
    bucket: () => 0,
    encode: (example) => Promise.resolve({ data: pixels[example] as Float32Array, shape: [size, size, 3] }),
    targetDtype: "int32",
    target: (example) => ({ data: Int32Array.of(labels[example] as number), shape: [] }),
  };
  return async () => {
    const module = new GraphModule(grafted, resolveUnfreeze(grafted.graph, "head", []));
    const control = new RunControl();
    const cache = new ActivationCache(module, source, { enabled: true });
    const indices = labels.map((_, i) => i);
    const problem = { module, cache, source, objective: classificationObjective(recipe, [1, 1]), train: indices, validation: indices.slice(0, batchSize), microBatchSize: batchSize, learningRateScale: () => 1 };
    const startMs = performance.now();
    await cache.prepare(viewsOf(problem, recipe.epochs), { batchSize, control, onProgress: () => {} });
    const preparationSeconds = (performance.now() - startMs) / 1000;
    const { epochs } = await train(problem, recipe, { rng, control, onEvent: () => {} });
    module.dispose();
    return { seconds: epochs.slice(1).map((epoch) => epoch.seconds), preparationSeconds };
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** In Node, on wasm without threads: the ratio does not depend on where it is measured. */
export async function cached(say: (line: string) => void): Promise<Measured> {
  say(`cached: head-only epochs, ${exampleCount} images of ${size} px, batch ${batchSize}`);
  await useBackend("wasm", { wasmPath: fileURLToPath(new URL("../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)) });
  const base = trunk();
  const graftEpochs = graftSide(await saved(base));
  const plainEpochs = plainSide(base);
  await plainEpochs();
  const plainSeconds: number[] = [];
  const graftSeconds: number[] = [];
  const preparations: number[] = [];
  for (let round = 0; round < rounds; round++) {
    plainSeconds.push(...(await plainEpochs()));
    const { seconds, preparationSeconds } = await graftEpochs();
    graftSeconds.push(...seconds);
    preparations.push(preparationSeconds);
  }
  const row = (engine: Row["engine"], phase: Row["phase"], figure: string, seconds: readonly number[]): Row => ({ model: "small-mobilenet-v2-head", engine, backend: "wasm", phase, figure, value: 1000 * median(seconds) });
  return {
    rows: [row("tfjs", "cached", "epochMs", plainSeconds), row("graft", "first", "trunkMs", preparations), row("graft", "cached", "epochMs", graftSeconds)],
    remarks: [],
  };
}
