/** A person's own TensorFlow.js layers model as a model to start from: found its image input, its features and its blocks. */
import { GraftError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { readTfjsFiles, type ModelFile } from "../formats/tfjs-files.ts";
import { readTfjsLayers } from "../formats/tfjs-layers/read.ts";
import { inferShapes } from "../graph/shapes.ts";
import { rescaleInput } from "../graph/surgery/rescale-input.ts";
import type { Graph } from "../graph/types.ts";
import { defaultBlocks } from "../graph/unfreeze.ts";
import type { ModelCard } from "../protocol/models.ts";
import type { LoadedModel } from "./types.ts";

/** The pixel values that a model was trained on. */
export type PixelRange = "0..255" | "0..1" | "-1..1";

const affine: Readonly<Record<PixelRange, { readonly scale: number; readonly offset: number }>> = {
  "0..255": { scale: 1, offset: 0 },
  "0..1": { scale: 1 / 255, offset: 0 },
  "-1..1": { scale: 2 / 255, offset: -1 },
};

/**
 * @param pixelRange what the model expects; Keras' own mobile models take -1..1.
 * @throws GraftError if it is not a layers model with one RGB image input.
 */
export async function importTfjsLayersModel(files: readonly ModelFile[], pixelRange: PixelRange = "-1..1"): Promise<{ readonly card: ModelCard; readonly loaded: LoadedModel }> {
  const found = await readTfjsFiles(files);
  if (found.format !== "layers-model") {
    throw new GraftError({ where: found.path, what: "it is a TensorFlow.js graph model, whose layers are frozen into constants", wanted: "a layers model, as model.save() writes it in TensorFlow.js or tensorflowjs_converter from Keras" });
  }
  const model = readTfjsLayers(found.json, found.bytes);
  const [input, ...others] = model.graph.inputs;
  const [, height, width, channels] = input?.shape ?? [];
  if (!input || others.length > 0 || input.shape.length !== 4 || channels !== 3 || height !== width) {
    const shapes = model.graph.inputs.map(({ shape }) => formatShape(shape)).join(" and ");
    throw new GraftError({ where: found.path, what: `its input is ${shapes}`, wanted: "one image input [?, size, size, 3]" });
  }
  const features = featuresOf(model.graph);
  const graph = rescaleInput(model.graph, input.name, affine[pixelRange]);
  const name = found.path.split("/").at(-2) ?? "Your model";
  const parameters = graph.parameters.reduce((sum, parameter) => sum + sizeOf(parameter.shape), 0);
  const card: ModelCard = {
    id: `imported-${name}`,
    name,
    tasks: ["image-classification"],
    summary: "Your own TensorFlow.js layers model.",
    trainedOn: "You know best.",
    licence: "Yours to know: Graft cannot tell.",
    source: found.path,
    input: `RGB images${height === null || height === undefined ? "" : `, ${height} x ${height}`}, scaled to ${pixelRange}`,
    goodAt: "Whatever it was trained for.",
    limits: `Pixels are scaled to ${pixelRange} before the first layer.`,
    parameters,
    downloadBytes: found.bytes.byteLength,
    origin: "imported",
  };
  return { card, loaded: { model: { graph, weights: model.weights }, features, blocks: defaultBlocks(graph), input: { kind: "image", name: input.name, size: height ?? undefined }, licence: card.licence } };
}

/** Where a new head belongs: before the old classifier's dense layer, or after everything if there is none. */
function featuresOf(graph: Graph): string {
  const shapes = inferShapes(graph);
  const producers = new Map(graph.nodes.map((node) => [node.name, node]));
  const parameters = new Set(graph.parameters.map(({ name }) => name));
  const passed = new Set(["softmax", "sigmoid", "add", "reshape", "relu", "tanh"]);
  const output = graph.outputs[0] as string;
  for (let node = producers.get(output); node; node = producers.get(node.inputs[0] as string)) {
    const [data, kernel] = node.inputs;
    if (node.op === "matMul" && kernel !== undefined && parameters.has(kernel) && shapes.get(data as string)?.length === 2) return data as string;
    if (!passed.has(node.op)) break;
  }
  return output;
}
