/** A person's own TensorFlow.js layers model as a model to start from: found its image input, its features and its blocks. */
import { GraftError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { readTfjsFiles, type ModelFile } from "../formats/tfjs-files.ts";
import { readTfjsLayers } from "../formats/tfjs-layers/read.ts";
import { countWeights } from "../graph/parameters.ts";
import { inferShapes } from "../graph/shapes.ts";
import type { Graph } from "../graph/types.ts";
import { defaultBlocks } from "../graph/unfreeze.ts";
import type { ModelCard } from "../protocol/models.ts";
import type { LoadedModel } from "./types.ts";

/** @throws GraftError if it is not a layers model with one RGB image input. */
export async function importTfjsLayersModel(files: readonly ModelFile[]): Promise<{ readonly card: ModelCard; readonly loaded: LoadedModel }> {
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
  const { graph } = model;
  const features = featuresOf(graph);
  const name = found.path.split("/").at(-2) ?? "Your model";
  const card: ModelCard = {
    id: `imported-${name}`,
    name,
    tasks: ["image-classification"],
    summary: "Your own TensorFlow.js layers model.",
    trainedOn: "You know best.",
    licence: "Yours to know: Graft cannot tell.",
    source: found.path,
    input: `RGB images${height === null || height === undefined ? "" : `, ${height} x ${height}`}`,
    goodAt: "Whatever it was trained for.",
    limits: "Check the pixel range in the settings: a model sees little in pixels of another range.",
    parameters: countWeights(graph),
    downloadBytes: found.bytes.byteLength,
    origin: "imported",
  };
  return { card, loaded: { model: { graph, weights: model.weights }, features, blocks: defaultBlocks(graph), input: { kind: "image", name: input.name, size: height ?? undefined, scaled: true }, licence: card.licence } };
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
