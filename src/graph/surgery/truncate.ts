/** Cuts a model off at one of its values, which is how a classifier becomes a feature extractor. */
import { GraftError } from "../../core/errors.ts";
import type { Graph } from "../types.ts";
import { prune } from "./prune.ts";

/** The part of the graph that `output` needs, with `output` as its only output. */
export function truncate(graph: Graph, output: string): Graph {
  if (![...graph.inputs, ...graph.nodes].some(({ name }) => name === output)) {
    throw new GraftError({ where: "truncating the model", what: `it computes no value "${output}"`, wanted: "the name of a node" });
  }
  return prune(graph, [output]);
}
