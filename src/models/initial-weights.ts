/** First values for a graph that comes without published weights. Which spread a kernel gets is the family's decision. */
import type { Rng } from "../core/rng.ts";
import { sizeOf } from "../core/shape.ts";
import type { Graph, Parameter, Weights } from "../graph/types.ts";

/** By the last part of a parameter's path: what is scaled by starts at 1, what is added at 0. */
const fixed: ReadonlyMap<string, number> = new Map([
  ["gamma", 1],
  ["variance", 1],
  ["beta", 0],
  ["mean", 0],
  ["bias", 0],
]);

/** The number that every element of `parameter` starts with, or undefined where elements have to differ. */
export function fixedStart({ name }: Parameter): number | undefined {
  return fixed.get(name.slice(name.lastIndexOf("/") + 1));
}

/** @param deviation the standard deviation of the normal distribution that a kernel or a table is drawn from. */
export function initialWeights(graph: Graph, rng: Rng, deviation: (parameter: Parameter) => number): Weights {
  return new Map(
    graph.parameters.map((parameter) => {
      const values = new Float32Array(sizeOf(parameter.shape));
      const start = fixedStart(parameter);
      if (start !== undefined) return [parameter.name, values.fill(start)];
      const own = rng.fork(parameter.name);
      const scale = deviation(parameter);
      return [parameter.name, values.map(() => scale * own.normal())];
    }),
  );
}
