/** Plain TensorFlow.js as the reference that the formats are tested against: it loads what Graft writes and saves what Graft reads. */
import * as tf from "@tensorflow/tfjs";
import type { Shape } from "../../core/shape.ts";
import type { Graph, Model, WeightValues } from "../../graph/types.ts";
import { writeTfjsGraph, type TfjsGraphModel } from "../tfjs-graph/write.ts";

/** `tf.loadGraphModel` on files that are in memory. */
export function loadGraphModel({ modelJson, weightData }: TfjsGraphModel): Promise<tf.GraphModel> {
  const manifest = modelJson.weightsManifest as { weights: tf.io.WeightsManifestEntry[] }[];
  const weightSpecs = manifest.flatMap(({ weights }) => weights);
  // Through text, as a file would go.
  const artifacts = JSON.parse(JSON.stringify(modelJson)) as tf.io.ModelArtifacts;
  return tf.loadGraphModel({ load: () => Promise.resolve({ ...artifacts, weightSpecs, weightData }) });
}

/** Writes the model, loads it with plain TensorFlow.js and runs it. */
export async function runWritten(model: Model, inputs: tf.NamedTensorMap, inputShapes?: Readonly<Record<string, Shape>>): Promise<tf.Tensor> {
  const loaded = await loadGraphModel(writeTfjsGraph(model, { inputShapes }));
  // A copy: an output that is a constant goes with its model.
  const output = (loaded.predict(inputs) as tf.Tensor).clone();
  loaded.dispose();
  return output;
}

export interface SavedModel {
  readonly json: Record<string, unknown>;
  readonly bytes: Uint8Array;
}

/** What `model.save` would put into model.json and its weight file. */
export async function saveLayers(model: tf.LayersModel): Promise<SavedModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save({
    save: (artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
    },
  });
  const { modelTopology, weightSpecs, weightData } = saved as tf.io.ModelArtifacts;
  const json = { format: "layers-model", modelTopology, weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }] };
  return { json: JSON.parse(JSON.stringify(json)) as Record<string, unknown>, bytes: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)) };
}

/** A wave that no two positions share: a wrong transpose shows. */
export function wave(shape: readonly number[], { scale = 1, phase = 0 } = {}): tf.Tensor {
  return tf.tensor(waveValues(shape, scale, phase), [...shape]);
}

function waveValues(shape: readonly number[], scale: number, phase: number): Float32Array {
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => scale * Math.sin(0.37 * i + phase));
}

/** Waves for all parameters of a graph; variances are positive. */
export function waveWeights(graph: Graph): Map<string, WeightValues> {
  return new Map(
    graph.parameters.map(({ name, shape }, i) => {
      const values = waveValues(shape, 0.5, i);
      return [name, name.endsWith("variance") ? values.map((value) => 1 + value * value) : values];
    }),
  );
}

/** The largest difference; NaN if any is, and infinite if the shapes differ. */
export function maxDifference(got: tf.Tensor, want: tf.Tensor): number {
  if (got.shape.join() !== want.shape.join()) return Infinity;
  const wanted = want.dataSync();
  return Array.from(got.dataSync()).reduce((max, value, i) => Math.max(max, Math.abs(value - (wanted[i] as number))), 0);
}
