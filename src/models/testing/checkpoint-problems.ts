/**
 * The training problems of families that read published checkpoints. A golden (tools/reference/checkpoints_vision.py) holds the
 * config.json and how each parameter starts; graph and names are the family's, and have to be those of the golden.
 */
import { sizeOf } from "../../core/shape.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { checkpointFamilies } from "../checkpoints/families.ts";
import type { CheckpointFamily } from "../checkpoints/types.ts";
import vision from "../goldens/checkpoints-vision.json" with { type: "json" };
import { chirp, images, phaseOf, type ReferenceProblem } from "./reference-problems.ts";

export type CheckpointCase = (typeof vision.cases)[number];

export const checkpointCases: readonly CheckpointCase[] = vision.cases;

/** The family of a config: by `model_type`, in timm's by what `architecture` starts with. */
export function familyOf(config: { readonly model_type?: string; readonly architecture?: string }): CheckpointFamily {
  const isOf = ({ modelTypes }: CheckpointFamily): boolean => modelTypes.some((type) => (config.architecture === undefined ? config.model_type === type : config.architecture.startsWith(type)));
  const found = checkpointFamilies.find(isOf);
  if (found === undefined) throw new Error(`There is no family for ${JSON.stringify(config)}.`);
  return found;
}

export function checkpointProblem({ config, starts, batch, imageSize, classes, learningRate, weightDecay }: CheckpointCase): ReferenceProblem {
  const { graph, input } = familyOf(config).build(new JsonCursor(config, "config.json"));
  const ranges = starts as Readonly<Record<string, readonly number[] | undefined>>;
  const weights = new Map(
    graph.parameters.map(({ name, shape }) => {
      const [offset, scale] = ranges[name] ?? [];
      if (offset === undefined || scale === undefined) throw new Error(`The golden has no parameter ${name}.`);
      const phase = phaseOf(name);
      return [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + scale * chirp(i, phase))];
    }),
  );
  return { graph, weights, inputName: input.name, classes, learningRate, weightDecay, batch: images(batch, imageSize, classes) };
}
