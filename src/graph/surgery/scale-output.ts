/**
 * Lets a model that learns a standardised number give it in the number's own units: `output * scale + center`. Both are statistics of
 * the training examples, so no optimizer moves them, and every format that the model is written to has them.
 */
import type { Graph } from "../types.ts";
import { GraphBuilder } from "../builder.ts";
import { headPath } from "./replace-head.ts";

/** [1] each; the caller gives them values. */
export const unitNames = { scale: `${headPath}/units/scale`, center: `${headPath}/units/center` };

/** @param graph with one output, [batch, 1]. */
export function scaleOutput(graph: Graph): Graph {
  const [output] = graph.outputs;
  if (output === undefined) throw new Error("The graph has no output.");
  const builder = new GraphBuilder(graph);
  const scaled = builder.add(`${headPath}/units/scaled`, "multiply", [output, builder.parameter(unitNames.scale, [1], { role: "statistic" })], {});
  return builder.build([builder.add(`${headPath}/units/out`, "add", [scaled, builder.parameter(unitNames.center, [1], { role: "statistic" })], {})]);
}
