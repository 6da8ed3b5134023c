/**
 * Gives a pre-trained trunk a new classifier, all within the group `head`: pooling over the image or the tokens, standardisation
 * of the features by fixed statistics, dropout and one dense layer. It reads any value of the model that holds features.
 */
import { GraftError } from "../../core/errors.ts";
import type { Dim, Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import { GraphBuilder } from "../builder.ts";
import { suchAs } from "../patterns.ts";
import { fits } from "../shape-checks.ts";
import { inferDTypes, inferShapes } from "../shapes.ts";
import type { Graph } from "../types.ts";
import { prune } from "./prune.ts";

/** The group of whatever is new, which is never frozen. */
export const headPath = "head";

/** How many positions become one; "first" is the first token, which BERT and ViT are trained to put their summary in. */
export type Pooling = "mean" | "max" | "first";

export interface ClassifierHead {
  /** The value that holds the features: [batch, features], [batch, tokens, features] or [batch, height, width, features]. */
  readonly from: string;
  readonly classes: number;
  /** 0 leaves the dropout out. */
  readonly dropout: number;
  /** "mean" by default; of no effect where there is one position. */
  readonly pooling?: Pooling;
}

/**
 * -> the trunk up to `from` and the head; the one output is `head/logits` [batch, classes]. The caller gives values to the new parameters.
 * @throws GraftError where the model has no such value, or its shape is none of the three.
 */
export function attachClassifierHead(graph: Graph, { from, classes, dropout, pooling = "mean" }: ClassifierHead): Graph {
  const shapes = inferShapes(graph);
  const holdsFeatures = featureTest(graph, shapes);
  const shape = shapes.get(from);
  const width: Dim = shape?.at(-1) ?? null;
  const isComputed = [...graph.inputs, ...graph.nodes].some(({ name }) => name === from);
  if (!isComputed || shape === undefined || width === null || !holdsFeatures(from)) {
    const candidates = graph.nodes.map(({ name }) => name).filter(holdsFeatures);
    throw new GraftError({
      where: `head at "${from}"`,
      what: shape === undefined || !isComputed ? "the model computes no such value" : `its shape is ${formatShape(shape)}`,
      wanted: `[batch, features], [batch, tokens, features] or [batch, height, width, features] with a known last size${suchAs(candidates, from)}`,
    });
  }
  if (pooling === "first" && shape.length === 4) throw new GraftError({ where: `head at "${from}"`, what: `pooling "first" takes the first token, and its shape is ${formatShape(shape)}`, next: 'Choose "mean" or "max"' });
  const mask = shape.length === 3 && pooling === "mean" ? maskOf(graph, shapes, shape) : undefined;
  const builder = new GraphBuilder(prune(graph, mask === undefined ? [from] : [from, mask]));
  let features = from;
  if (shape.length > 2) features = pool(builder, from, shape, pooling, mask);
  // Statistics, not weights: features of any scale then learn well at one learning rate, and no optimizer moves them.
  const center = builder.parameter(`${headPath}/center`, [width], { role: "statistic" });
  const scale = builder.parameter(`${headPath}/scale`, [width], { role: "statistic" });
  features = builder.add(`${headPath}/centered`, "subtract", [features, center], {});
  features = builder.add(`${headPath}/standardised`, "multiply", [features, scale], {});
  if (dropout > 0) features = builder.add(`${headPath}/dropout`, "dropout", [features], { rate: dropout });
  const kernel = builder.parameter(`${headPath}/kernel`, [width, classes]);
  const bias = builder.parameter(`${headPath}/bias`, [classes]);
  const product = builder.add(`${headPath}/matmul`, "matMul", [features, kernel], { transposeA: false, transposeB: false });
  return builder.build([builder.add(`${headPath}/logits`, "add", [product, bias], {})]);
}

/** Whether a value, of a name, has one row of floats for each example, or several that can be pooled. */
function featureTest(graph: Graph, shapes: ReadonlyMap<string, Shape>): (name: string) => boolean {
  const dtypes = inferDTypes(graph);
  const batch: Dim = graph.inputs[0]?.shape[0] ?? null;
  return (name) => {
    const shape = shapes.get(name) ?? [];
    return shape.length >= 2 && shape.length <= 4 && shape[0] === batch && shape.at(-1) !== null && dtypes.get(name) === "float32";
  };
}

/** Which tokens are no padding, if the model knows. */
function maskOf({ nodes }: Graph, shapes: ReadonlyMap<string, Shape>, [, tokens]: Shape): string | undefined {
  return nodes.find(({ op, name }) => op === "paddingMask" && fits(shapes.get(name)?.[1] ?? null, tokens ?? null))?.name;
}

function pool(builder: GraphBuilder, from: string, shape: Shape, pooling: Pooling, mask: string | undefined): string {
  const name = `${headPath}/pool`;
  const axes = shape.slice(1, -1).map((_, i) => i + 1);
  if (mask !== undefined) return builder.add(name, "maskedMean", [from, mask], {});
  if (pooling !== "first") return builder.add(name, pooling, [from], { axes, keepDims: false });
  const first = builder.add(`${headPath}/first`, "slice", [from], { begin: shape.map(() => 0), size: shape.map((_, i) => (axes.includes(i) ? 1 : -1)) });
  return builder.add(name, "reshape", [first], { shape: [-1, shape.at(-1) as number] });
}
