/**
 * Reads a TensorFlow.js graph model, as tensorflowjs_converter writes it. Fused ops are split into their parts, constants become
 * parameters named after their layers, and what the chosen outputs do not need is never looked at. What each op becomes is in
 * convert.ts.
 */
import { GraftError } from "../../core/errors.ts";
import { inferShapes } from "../../graph/shapes.ts";
import { prune } from "../../graph/surgery/prune.ts";
import type { Model } from "../../graph/types.ts";
import { JsonCursor } from "../json-cursor.ts";
import { decodeWeights } from "../tfjs-weights.ts";
import { converters } from "./convert.ts";
import { Reading } from "./reading.ts";
import { readNodes, sortNodes, stripOutput, type TfNode } from "./tf-nodes.ts";

export interface ReadTfjsGraphOptions {
  /** Names of the nodes to keep, with all that they need. Otherwise the outputs of the model's signature. */
  readonly outputs?: readonly string[];
  /** A name prefix to leave out of all names, such as `tower_0/`. */
  readonly stripPrefix?: string;
  /** Lets height and width of image inputs vary although the file fixes them; right for fully convolutional models. */
  readonly dynamicImageSize?: boolean;
}

/**
 * `json` is model.json parsed; `bytes` are all of its weight shards, one after the other.
 * @throws GraftError naming every node whose op is not supported.
 */
export function readTfjsGraph(json: unknown, bytes: Uint8Array, { outputs, stripPrefix = "", dynamicImageSize = false }: ReadTfjsGraphOptions = {}): Model {
  const root = new JsonCursor(json, "model.json");
  const nodes = readNodes(root.get("modelTopology"));
  const sorted = sortNodes(nodes, outputs ?? signatureOutputs(root, nodes));
  refuseUnsupported(sorted);

  const reading = new Reading(sorted, decodeWeights(root.get("weightsManifest"), bytes), { stripPrefix, dynamicImageSize });
  for (const node of sorted) (converters[node.op] as (typeof converters)[string])(node, reading);
  const names = (outputs ?? signatureOutputs(root, nodes)).map((name) => reading.value(name));
  const graph = prune(reading.builder.build(names), names);
  inferShapes(graph);
  return { graph, weights: new Map(graph.parameters.map(({ name }) => [name, reading.weightsOf(name)])) };
}

/** The signature's outputs, or without one the nodes that nobody reads. */
function signatureOutputs(root: JsonCursor, nodes: ReadonlyMap<string, TfNode>): readonly string[] {
  const signature = [root.get("signature"), root.get("userDefinedMetadata").get("signature")].find((each) => !each.isMissing);
  const outputs = signature?.get("outputs");
  if (outputs !== undefined && !outputs.isMissing) return outputs.entries().map(([key, output]) => stripOutput(output.get("name").string(key)));
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs));
  return [...nodes.keys()].filter((name) => !read.has(name));
}

function refuseUnsupported(nodes: readonly TfNode[]): void {
  const unsupported = nodes.filter(({ op }) => !Object.hasOwn(converters, op));
  if (unsupported.length === 0) return;
  const named = unsupported.slice(0, 8).map(({ name, op }) => `"${name}" (${op})`);
  const more = unsupported.length > named.length ? ` and ${unsupported.length - named.length} more` : "";
  throw new GraftError({ where: "model.json", what: `Graft does not know what these nodes do: ${named.join(", ")}${more}`, next: "Use a model without them, or one saved as a TensorFlow.js layers model." });
}
