/**
 * The training problems of families that read published checkpoints. A golden (tools/reference/checkpoints_text.py, checkpoints_vision.py) holds the
 * config.json and how each parameter starts; graph and names are the family's, and have to be those of the golden.
 */
import { sizeOf } from "../../core/shape.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { prune } from "../../graph/surgery/prune.ts";
import type { Graph, Parameter, Weights } from "../../graph/types.ts";
import { familyOf } from "../checkpoints/find-family.ts";
import type { CheckpointModel } from "../checkpoints/types.ts";
import text from "../goldens/checkpoints-text.json" with { type: "json" };
import vision from "../goldens/checkpoints-vision.json" with { type: "json" };
import { chirp, images, phaseOf, texts, type ReferenceProblem } from "./reference-problems.ts";

export type CheckpointCase = (typeof vision.cases)[number] | (typeof text.cases)[number];

export const checkpointCases: readonly CheckpointCase[] = [...text.cases, ...vision.cases];

/** What a config.json builds. */
export function buildCheckpoint(config: object): CheckpointModel {
  const cursor = new JsonCursor(config, "config.json");
  return familyOf(cursor).build(cursor);
}

/** As a golden says that each starts: an offset, and how far the chirp takes it. */
export function startingWeights(parameters: readonly Parameter[], starts: object): Weights {
  const ranges = starts as Readonly<Record<string, readonly number[] | undefined>>;
  return new Map(
    parameters.map(({ name, shape }) => {
      const [offset, scale] = ranges[name] ?? [];
      if (offset === undefined || scale === undefined) throw new Error(`The golden has no parameter ${name}.`);
      const phase = phaseOf(name);
      return [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + scale * chirp(i, phase))];
    }),
  );
}

export function checkpointProblem(golden: CheckpointCase): ReferenceProblem {
  const { config, starts, classes, learningRate, weightDecay } = golden;
  const { graph, input } = buildCheckpoint(config);
  const problem = { graph: prune(graph, graph.outputs), weights: startingWeights(graph.parameters, starts), inputName: input.name, classes, learningRate, weightDecay };
  if ("imageSize" in golden) return { ...problem, batch: images(golden.batch, golden.imageSize, classes) };
  const { tokens, padded, batch: size } = golden;
  const { vocab_size: vocabulary } = golden.config;
  const batch = texts({ batch: size, tokens, vocabulary, classes, padded, paddingId: input.kind === "text" ? input.paddingId : 0 });
  return golden.nextToken ? { ...problem, graph: rowPerToken(problem.graph, vocabulary), batch: nextTokens(batch) } : { ...problem, batch };
}

/** [batch, tokens, vocabulary] -> [batch * tokens, vocabulary] */
function rowPerToken(graph: Graph, vocabulary: number): Graph {
  const builder = new GraphBuilder(graph);
  return builder.build([builder.add("rows", "reshape", graph.outputs, { shape: [-1, vocabulary] })]);
}

/** Each token's label is the token after it; the last one's is the first. */
function nextTokens(batch: ReferenceProblem["batch"]): ReferenceProblem["batch"] {
  return (step) => {
    const { input } = batch(step);
    const [, tokens] = input.shape as [number, number];
    return { input, labels: Int32Array.from(input.data, (_, i) => input.data[i - (i % tokens) + ((i + 1) % tokens)] as number) };
  };
}
