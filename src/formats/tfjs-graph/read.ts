/**
 * Reads a TensorFlow.js graph model, as tensorflowjs_converter writes it. Fused ops are split into their parts, constants become
 * parameters named after their layers, what only computes shapes is computed here (fold.ts), and what the chosen outputs do not
 * need is never looked at. What each op becomes is in convert/.
 */
import { GraftError } from "../../core/errors.ts";
import { prune } from "../../graph/surgery/prune.ts";
import type { Graph, Model } from "../../graph/types.ts";
import { JsonCursor } from "../json-cursor.ts";
import { type DecodedWeight, decodeWeights } from "../tfjs-weights.ts";
import { expectIndependentExamples } from "./batch.ts";
import { converters } from "./convert/index.ts";
import { fold, isFolded } from "./fold.ts";
import { Reading, type ReadingOptions, refuse } from "./reading.ts";
import { neededNodes, nodeOf, readNodes, sortNodes, stripOutput, type TfNode } from "./tf-nodes.ts";

export interface ReadTfjsGraphOptions {
  /** Names of the nodes to keep, with all that they need. Otherwise the outputs of the model's signature. */
  readonly outputs?: readonly string[];
  /** A name prefix to leave out of all names, such as `tower_0/`. */
  readonly stripPrefix?: string;
  /** Lets height and width of image inputs vary although the file fixes them; right for fully convolutional models. */
  readonly dynamicImageSize?: boolean;
}

/**
 * `json` is model.json parsed; `bytes` are all of its weight shards, one after the other. The batch of the inputs is open, also
 * where the file says 1, if the graph treats examples one by one; else it is what the file says, or 1. Outputs are in the order of
 * the signature.
 * @throws GraftError naming every node whose op is not supported, or that is control flow.
 */
export function readTfjsGraph(json: unknown, bytes: Uint8Array, { outputs, stripPrefix = "", dynamicImageSize = false }: ReadTfjsGraphOptions = {}): Model {
  const root = new JsonCursor(json, "model.json");
  const nodes = readNodes(root.get("modelTopology"));
  const wanted = (outputs ?? signatureOutputs(root, nodes)).map(stripOutput);
  const needed = neededNodes(nodes, wanted);
  refuseUnsupported(needed);
  const sorted = sortNodes(nodes, wanted);
  const stored = decodeWeights(root.get("weightsManifest"), bytes);

  const attempt = (freeBatch: boolean): Model => convert(sorted, stored, wanted, { stripPrefix, dynamicImageSize, freeBatch });
  try {
    return attempt(true);
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    return attempt(false);
  }
}

function convert(nodes: readonly TfNode[], stored: ReadonlyMap<string, DecodedWeight>, outputs: readonly string[], options: ReadingOptions): Model {
  const reading = new Reading(nodes, stored, options);
  for (const node of nodes) convertNode(node, reading);
  const built = reading.build(outputs);
  const graph: Graph = prune(built, built.outputs);
  const batches = nodes.filter(({ op }) => op === "Placeholder").map((node) => node.attr.shape("shape")?.[0]);
  // Where the file itself leaves the batch open, the graph was made for it.
  if (options.freeBatch && batches.some((batch) => batch !== -1)) expectIndependentExamples(graph, (value) => reading.timesOf(value));
  return { graph, weights: new Map(graph.parameters.map(({ name }) => [name, reading.weightsOf(name)])) };
}

function convertNode(node: TfNode, reading: Reading): void {
  try {
    const folded = fold(node, node.inputs.map((name) => reading.known(name)));
    if (folded !== undefined) return folded.forEach((known, i) => reading.bindKnown(node, known, i));
    const converter = Object.hasOwn(converters, node.op) ? converters[node.op] : undefined;
    if (converter === undefined) throw refuse(node, "its inputs depend on the data", "constants");
    converter(node, reading);
  } catch (error) {
    if (!(error instanceof GraftError) || error.sentence.where !== undefined) throw error;
    throw new GraftError({ ...error.sentence, where: `node "${node.name}" (${node.op})` });
  }
}

/** The signature's outputs, or without one the nodes that nobody reads. */
function signatureOutputs(root: JsonCursor, nodes: ReadonlyMap<string, TfNode>): readonly string[] {
  const signature = [root.get("signature"), root.get("userDefinedMetadata").get("signature")].find((each) => !each.isMissing);
  const outputs = signature?.get("outputs");
  if (outputs !== undefined && !outputs.isMissing) return outputs.entries().map(([key, output]) => output.get("name").string(key));
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map(nodeOf)));
  return [...nodes.values()].filter(({ name, op }) => op !== "NoOp" && !read.has(name)).map(({ name }) => name);
}

const controlFlow = /^(Switch|Merge|Enter|Exit|NextIteration|LoopCond|(Stateless)?(If|While)|Tensor(Array|List).*|EmptyTensorList)$/;

function refuseUnsupported(nodes: readonly TfNode[]): void {
  const listed = (named: readonly TfNode[]): string => {
    const names = named.slice(0, 8).map(({ name, op }) => `"${name}" (${op})`);
    return `${names.join(", ")}${named.length > names.length ? ` and ${named.length - names.length} more` : ""}`;
  };
  const flow = nodes.filter(({ op }) => controlFlow.test(op));
  if (flow.length > 0) throw new GraftError({ where: "model.json", what: `these nodes are control flow, loops or branches that the data decides: ${listed(flow)}`, wanted: "a graph that computes the same ops for every example", next: "Use a model without them, or one saved as a TensorFlow.js layers model." });
  const unsupported = nodes.filter(({ op }) => !Object.hasOwn(converters, op) && !isFolded(op));
  if (unsupported.length > 0) throw new GraftError({ where: "model.json", what: `Graft does not know what these nodes do: ${listed(unsupported)}`, next: "Use a model without them, or one saved as a TensorFlow.js layers model." });
}
