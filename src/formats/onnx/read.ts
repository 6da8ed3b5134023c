/**
 * Reads an ONNX model: opsets 7 to 21, and others as far as their ops are known. Floats become float32, integers and booleans
 * int32; every float weight becomes a parameter called as in the file; arithmetic on shapes is done while reading; the layout
 * becomes channels last. What each op becomes is in ops/.
 */
import { GraftError } from "../../core/errors.ts";
import type { Dim } from "../../core/shape.ts";
import { inferShapes } from "../../graph/shapes.ts";
import { cancelTransposes } from "../../graph/surgery/cancel-transposes.ts";
import { prune } from "../../graph/surgery/prune.ts";
import { recogniseLayers } from "../../graph/surgery/recognise-layers.ts";
import type { Model } from "../../graph/types.ts";
import { decodeModel } from "./decode.ts";
import { foldedOps, foldNode } from "./fold.ts";
import { expectSeparateExamples } from "./free-batch.ts";
import { type HostTensor, isFloatType } from "./host-tensor.ts";
import { dataTypes, type GraphProto, type ModelProto, type ValueInfoProto } from "./messages.ts";
import { OnnxNode } from "./node.ts";
import { converters } from "./ops/index.ts";
import { orderNodes } from "./order.ts";
import { Reading } from "./reading.ts";
import { rewriteNodes, rewrites } from "./rewrite.ts";
import { type ExternalData, typeName } from "./tensors.ts";

export interface ReadOnnxOptions {
  /** Where weights lie in other files: their bytes by the name that the model gives them. */
  readonly externalData?: ExternalData;
  /** Inputs that are not asked for when the model runs but have these values: shapes, axes, a sampling rate. */
  readonly fixedInputs?: ReadonlyMap<string, HostTensor>;
  /** Sizes that the file leaves open, by the name that it gives them: `{ sequence: 128 }`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** What every size that the file leaves open is, but the batch and those in `sizes`. */
  readonly otherSizes?: number;
  /** `free`: any batch may be run although the file fixes it, if the model allows it (else, and with `file`, as the file says). */
  readonly batch?: "free" | "file";
  /** `channelsLast`: an image input becomes [batch, h, w, channels] where that takes no more transposes. `file`: as it is there. */
  readonly imageInputs?: "channelsLast" | "file";
  /** Names of ONNX values to keep, with all that they need. Otherwise the graph's outputs. */
  readonly outputs?: readonly string[];
  /** For errors. */
  readonly where?: string;
}

/** @throws GraftError naming every node whose op is not supported, or what else Graft cannot take. */
export function readOnnx(bytes: Uint8Array, options: ReadOnnxOptions = {}): Model {
  const { where = "the ONNX file", batch = "free" } = options;
  const proto = decodeModel(bytes, where);
  const rewritten: GraphProto = { ...proto.graph, nodes: rewriteNodes(proto.graph.nodes, proto.functions ?? []) };
  const outputs = options.outputs ?? rewritten.outputs.map(({ name }) => name);
  const nodes = orderNodes(rewritten.nodes.map((node) => new OnnxNode(node)), outputs);
  refuseUnsupported(nodes, where);
  const read = (freed: number | null): Model => readGraph(proto, rewritten, nodes, outputs, bytes.length, freed, options);
  const fixed = batchOf(rewritten, options);
  if (batch === "file" || fixed === undefined) return read(null);
  try {
    return read(fixed);
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    // Some models mix their batch with other sizes, or their examples; they run as they were exported.
    return read(null);
  }
}

/** The batch size that the file fixes. Where one input has an open batch, a first size that another fixes is meant as it is. */
function batchOf(graph: GraphProto, { fixedInputs }: ReadOnnxOptions): number | undefined {
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const sizes = graph.inputs.filter(({ name, shape }) => !weights.has(name) && fixedInputs?.has(name) !== true && (shape?.length ?? 0) > 1).map(({ shape }) => shape?.[0]);
  const [size] = sizes;
  return typeof size === "number" && size > 0 && sizes.every((each) => typeof each === "number" && each >= 0) ? size : undefined;
}

function readGraph(proto: ModelProto, graph: GraphProto, nodes: readonly OnnxNode[], outputs: readonly string[], size: number, freedBatch: number | null, options: ReadOnnxOptions): Model {
  const { externalData = new Map<string, Uint8Array>(), fixedInputs, imageInputs = "channelsLast" } = options;
  const opset = proto.opsetImports.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 1;
  const externalBytes = [...externalData.values()].reduce((sum, { length }) => sum + length, 0);
  const reading = new Reading({ opset, freedBatch, external: externalData, budgetBytes: 4 * (size + externalBytes) + (1 << 20) });
  learnInitializers(graph, reading);
  for (const [name, tensor] of fixedInputs ?? []) reading.learn(name, { tensor });
  for (const input of graph.inputs) if (reading.knownOf(input.name) === undefined) addInput(input, reading, options);
  convertNodes(nodes, reading);
  const names = outputs.map((name) => reading.valueOf(name));
  const { graph: raw, weights } = reading.model(names);
  const pruned = prune(raw, names);
  if (freedBatch !== null) expectSeparateExamples({ ...pruned, inputs: raw.inputs });
  const turned = cancelTransposes({ graph: { ...pruned, inputs: raw.inputs }, weights }, { turnInputs: imageInputs === "channelsLast" });
  const model = recogniseLayers(turned);
  inferShapes(model.graph);
  return { graph: model.graph, weights: new Map(model.graph.parameters.map(({ name }) => [name, model.weights.get(name) ?? new Float32Array(0)])) };
}

function learnInitializers(graph: GraphProto, reading: Reading): void {
  for (const proto of graph.initializers) reading.learn(proto.name, { tensor: reading.tensorOf(proto), weight: proto.name });
}

function addInput({ name, elementType, shape }: ValueInfoProto, reading: Reading, { sizes = {}, otherSizes }: ReadOnnxOptions): void {
  const where = `input "${name}"`;
  if (elementType === undefined || elementType === dataTypes.string) throw new GraftError({ where, what: elementType === undefined ? "it is no tensor" : "it is a text", wanted: "numbers" });
  if (shape === undefined) throw new GraftError({ where, what: "the file does not say how many dimensions it has", next: "Export the model with the shapes of its inputs." });
  if (elementType === dataTypes.complex64 || elementType === dataTypes.complex128) throw new GraftError({ where, what: `its numbers are ${typeName(elementType)}`, wanted: "real numbers" });
  const { freedBatch } = reading.options;
  const dims = shape.map((dim, axis): Dim => {
    if (typeof dim === "string" && Object.hasOwn(sizes, dim)) return sizes[dim] as number;
    if (typeof dim !== "number" || dim < 0) return axis > 0 && otherSizes !== undefined ? otherSizes : null;
    return axis === 0 && shape.length > 1 && dim === freedBatch ? null : dim;
  });
  reading.addInput(name, dims, isFloatType(elementType) ? "float32" : "int32");
}

function convertNodes(nodes: readonly OnnxNode[], reading: Reading): void {
  reading.countReaders(nodes);
  for (const node of nodes) {
    reading.begin(node);
    try {
      if (node.opType === "If") convertIf(node, reading);
      else if (!foldNode(node, reading)) convertNode(node, reading);
      reading.end();
    } catch (error) {
      if (!(error instanceof GraftError) || error.sentence.where !== undefined) throw error;
      throw new GraftError({ ...error.sentence, where: node.where });
    }
  }
}

function convertNode(node: OnnxNode, reading: Reading): void {
  const convert = Object.hasOwn(converters, node.opType) ? converters[node.opType] : undefined;
  if (convert === undefined) throw node.refuse("Graft does not know what it does");
  const value = convert(node, reading);
  if (typeof value === "string") reading.bind(node, 0, value);
}

/** A choice that is made already is the graph that was chosen. */
function convertIf(node: OnnxNode, reading: Reading): void {
  const [condition] = reading.host(node, 0)?.values ?? [];
  if (condition === undefined || Number.isNaN(condition)) throw node.refuse("which of its branches runs is decided when the model runs", "a graph without control flow", "Export the model without it, by tracing.");
  const chosen = node.graph(condition === 0 ? "else_branch" : "then_branch");
  if (chosen === undefined) throw node.refuse("a branch is missing");
  learnInitializers(chosen, reading);
  convertNodes(chosen.nodes.map((inner) => new OnnxNode(inner)), reading);
  chosen.outputs.forEach(({ name }, i) => {
    const output = node.outputs[i] ?? "";
    if (output !== "") reading.alias(output, name);
  });
}

const controlFlow = new Set(["Loop", "Scan"]);

/** Every op that Graft reads, with its domain if that is not the standard's; `If` where its condition is known. */
export const supportedOps: readonly string[] = [...new Set(["If", ...Object.keys(converters), ...Object.keys(rewrites), ...foldedOps])].sort();

export function isSupported(opType: string): boolean {
  return supportedOps.includes(opType);
}

function refuseUnsupported(nodes: readonly OnnxNode[], where: string): void {
  const unsupported = nodes.filter(({ opType }) => !isSupported(opType));
  if (unsupported.length === 0) return;
  const named = unsupported.slice(0, 8).map(({ name, outputs, opType }) => `"${name === "" ? (outputs[0] ?? "") : name}" (${opType})`);
  const more = unsupported.length > named.length ? ` and ${unsupported.length - named.length} more` : "";
  const next = unsupported.some(({ opType }) => controlFlow.has(opType)) ? "Export the model without loops, by tracing." : "Use a model without them; docs/formats.md lists the ops that Graft reads.";
  throw new GraftError({ where, what: `Graft does not know what these nodes do: ${named.join(", ")}${more}`, next });
}
