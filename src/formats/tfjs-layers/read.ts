/**
 * Reads a TensorFlow.js layers model: what `model.save` of a tf.LayersModel and tensorflowjs_converter of a Keras 2 model write.
 * Sequential and functional models, one within the other; shared layers share their parameters. The last op of a layer bears the
 * layer's name. What each layer becomes is in layers.ts.
 */
import { GraftError } from "../../core/errors.ts";
import type { DType } from "../../core/shape.ts";
import { prune } from "../../graph/surgery/prune.ts";
import type { Model } from "../../graph/types.ts";
import { JsonCursor } from "../json-cursor.ts";
import { decodeWeights } from "../tfjs-weights.ts";
import { layerReaders } from "./layers.ts";
import { type LayerCall, LayersReading } from "./reading.ts";

/** Models within models that somebody builds have two or three levels; a file may claim any number. */
const maxDepth = 20;

/**
 * `json` is model.json parsed; `bytes` are all of its weight shards, one after the other.
 * @throws GraftError naming the layer that is not supported, or the weight that is missing or does not fit.
 */
export function readTfjsLayers(json: unknown, bytes: Uint8Array): Model {
  const root = new JsonCursor(json, "model.json");
  const topology = root.get("modelTopology");
  const model = topology.get("model_config").isMissing ? topology : topology.get("model_config");
  const layers = layersOf(model.get("config"));
  refuseUnsupported(layers);

  const reading = new LayersReading(decodeWeights(root.get("weightsManifest"), bytes));
  const outputs = isSequential(model) ? readSequential(reading, layers, "", undefined) : readFunctional(reading, model.get("config"), "", undefined);
  const graph = prune(reading.builder.build(outputs), outputs);
  if (graph.nodes.length === 0) throw new GraftError({ where: "model.json", what: "the model has no layers that compute anything" });
  return { graph, weights: new Map([...reading.weights].filter(([name]) => graph.parameters.some((parameter) => parameter.name === name))) };
}

const modelClasses: readonly string[] = ["Sequential", "Functional", "Model"];
const isModel = (layer: JsonCursor): boolean => modelClasses.includes(layer.get("class_name").string());
const isSequential = (layer: JsonCursor): boolean => layer.get("class_name").string() === "Sequential";

/** An old Sequential has its layers in place of its config. */
function layersOf(config: JsonCursor): readonly JsonCursor[] {
  return (Array.isArray(config.value) ? config : config.get("layers")).items();
}

const nameOf = (layer: JsonCursor): string => layer.get("config").get("name").string(layer.get("name").string(""));

/** Of the layers, of those within models that are layers, and of those that others wrap: all that Graft does not know. */
function unknownLayers(layers: readonly JsonCursor[], depth: number): readonly string[] {
  if (depth > maxDepth) throw new GraftError({ where: "model.json", what: `models are nested more than ${maxDepth} deep` });
  return layers.flatMap((layer) => {
    const className = layer.get("class_name").string();
    if (isModel(layer)) return unknownLayers(layersOf(layer.get("config")), depth + 1);
    if (className === "InputLayer") return [];
    if (!Object.hasOwn(layerReaders, className)) return [`"${nameOf(layer)}" (${className})`];
    const wrapped = layer.get("config").get("layer");
    return wrapped.isMissing ? [] : unknownLayers([wrapped], depth + 1);
  });
}

function refuseUnsupported(layers: readonly JsonCursor[]): void {
  const unknown = new Set(unknownLayers(layers, 0));
  if (unknown.size === 0) return;
  throw new GraftError({ where: "model.json", what: `Graft does not know ${unknown.size === 1 ? "this layer" : "these layers"}: ${[...unknown].join(", ")}`, wanted: `InputLayer, ${Object.keys(layerReaders).join(", ")}` });
}

/** The shape of a graph input; the batch is free. */
function addInput(reading: LayersReading, name: string, config: JsonCursor, dtype: DType): string {
  const shape = [config.get("batch_input_shape"), config.get("batch_shape")].find((each) => !each.isMissing);
  if (shape === undefined) throw new GraftError({ where: `layer "${name}"`, what: "the shape of the model's input is not known", wanted: "batch_input_shape", next: "Build the model with an input shape and save it again." });
  const dims = shape.items().map((dim) => (dim.isMissing ? null : dim.integer(1)));
  return reading.builder.input(name, [null, ...dims.slice(1)], dtype);
}

const dtypeOf = (config: JsonCursor): DType => (config.get("dtype").value === "int32" ? "int32" : "float32");

function readSequential(reading: LayersReading, layers: readonly JsonCursor[], prefix: string, input: string | undefined): readonly string[] {
  let value = input;
  for (const layer of layers) {
    const path = `${prefix}${nameOf(layer)}`;
    const config = layer.get("config");
    if (layer.get("class_name").string() === "InputLayer") {
      value ??= addInput(reading, path, config, dtypeOf(config));
      continue;
    }
    value ??= addInput(reading, `${path}_input`, inputConfig(layer), layer.get("class_name").string() === "Embedding" ? "int32" : dtypeOf(config));
    value = single(readLayer(reading, layer, path, [value]), path);
  }
  if (value === undefined) throw new GraftError({ where: "model.json", what: "the model has no layers" });
  return [value];
}

/** Where a sequential model's first layer says what comes in: itself, or the first layer of the model that it is. */
function inputConfig(layer: JsonCursor): JsonCursor {
  let current = layer;
  while (isModel(current)) {
    const [first] = layersOf(current.get("config"));
    if (first === undefined) break;
    current = first;
  }
  return current.get("config");
}

interface PendingCall {
  readonly layer: JsonCursor;
  readonly name: string;
  readonly nodeIndex: number;
  /** Layer, index of its call, index of its output. */
  readonly inbound: readonly (readonly [string, number, number])[];
}

/** `inputs` are given where the model is a layer of another one. */
function readFunctional(reading: LayersReading, config: JsonCursor, prefix: string, inputs: readonly string[] | undefined): readonly string[] {
  const inputNames = references(config.get("input_layers")).map(([name]) => name);
  /** `layer:call` -> its outputs. */
  const values = new Map<string, readonly string[]>();
  let pending: PendingCall[] = [];
  for (const layer of config.get("layers").items()) {
    const name = layer.get("name").string(nameOf(layer));
    if (layer.get("class_name").string() === "InputLayer") {
      const given = inputs?.[inputNames.indexOf(name)];
      if (inputs !== undefined && given === undefined) throw new GraftError({ where: `layer "${prefix}${name}"`, what: "the model is called with too few inputs" });
      values.set(`${name}:0`, [given ?? addInput(reading, `${prefix}${name}`, layer.get("config"), dtypeOf(layer.get("config")))]);
    } else {
      const calls = layer.get("inbound_nodes").items();
      calls.forEach((call, nodeIndex) => pending.push({ layer, name, nodeIndex, inbound: references(call) }));
    }
  }

  const resolve = ([name, call, output]: readonly [string, number, number]): string | undefined => values.get(`${name}:${call}`)?.[output];
  while (pending.length > 0) {
    const waiting: PendingCall[] = [];
    for (const call of pending) {
      const found = call.inbound.map(resolve);
      if (found.some((value) => value === undefined)) waiting.push(call);
      else values.set(`${call.name}:${call.nodeIndex}`, readLayer(reading, call.layer, `${prefix}${call.name}`, found as string[]));
    }
    if (waiting.length === pending.length) throw new GraftError({ where: `layer "${prefix}${waiting[0]?.name}"`, what: "it reads a layer that does not exist or depends on itself", next: "The file may be damaged; save the model again." });
    pending = waiting;
  }

  return references(config.get("output_layers")).map((reference) => {
    const value = resolve(reference);
    if (value === undefined) throw new GraftError({ where: "model.json", what: `its output layer "${reference[0]}" does not exist` });
    return value;
  });
}

/** `["dense", 0, 0]`, or a list of such; Keras 3 puts each into a tensor's `keras_history`, in the arguments of a call. */
function references(json: JsonCursor): readonly (readonly [string, number, number])[] {
  if (!json.isMissing && !Array.isArray(json.value)) {
    const history = json.get("config").get("keras_history");
    return history.isMissing ? references(json.get("args")) : references(history);
  }
  const items = json.items();
  if (items.length > 0 && items.every(({ value }) => !Array.isArray(value) && typeof value !== "string")) return items.flatMap((item) => references(item));
  if (items.length === 1 && Array.isArray(items[0]?.value) && !Array.isArray(items[0].value[0]) && typeof items[0].value[0] === "object") return references(items[0]);
  const list = typeof items[0]?.value === "string" ? [json] : items;
  return list.map((reference) => {
    const [name, call, output] = reference.items();
    if (name === undefined) throw reference.wrong('a layer\'s name and two numbers, as ["dense", 0, 0]');
    return [name.string(), call?.integer(0) ?? 0, output?.integer(0) ?? 0] as const;
  });
}

function readLayer(reading: LayersReading, layer: JsonCursor, path: string, inputs: readonly string[]): readonly string[] {
  const className = layer.get("class_name").string();
  const config = layer.get("config");
  if (isSequential(layer)) return readSequential(reading, layersOf(config), `${path}/`, single(inputs, path));
  if (isModel(layer)) return readFunctional(reading, config, `${path}/`, inputs);
  const call: LayerCall = { reading, className, path, config, inputs };
  return [(layerReaders[className] as (typeof layerReaders)[string])(call)];
}

function single(values: readonly string[], path: string): string {
  const [value] = values;
  if (value === undefined || values.length > 1) throw new GraftError({ where: `layer "${path}"`, what: `there are ${values.length} values`, wanted: "one" });
  return value;
}
