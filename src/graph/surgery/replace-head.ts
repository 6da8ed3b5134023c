/**
 * Gives a pre-trained trunk a new classifier, all within the group `head`: pooling over the image, standardisation of the
 * features by fixed statistics, dropout and one dense layer.
 */
import { GraftError } from "../../core/errors.ts";
import type { Dim } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import { GraphBuilder } from "../builder.ts";
import { inferShapes } from "../shapes.ts";
import type { Graph } from "../types.ts";
import { truncate } from "./truncate.ts";

/** The group of whatever is new, which is never frozen. */
export const headPath = "head";

export interface ClassifierHead {
  /** The value that holds the features: [batch, height, width, channels] or [batch, features]. */
  readonly from: string;
  readonly classes: number;
  /** 0 leaves the dropout out. */
  readonly dropout: number;
}

/** -> the trunk up to `from` and the head; the one output is `head/logits` [batch, classes]. The caller gives values to the new parameters. */
export function attachClassifierHead(graph: Graph, { from, classes, dropout }: ClassifierHead): Graph {
  const trunk = truncate(graph, from);
  const shape = inferShapes(trunk).get(from) ?? [];
  const width: Dim = shape.at(-1) ?? null;
  if ((shape.length !== 2 && shape.length !== 4) || width === null) {
    throw new GraftError({ where: `features "${from}"`, what: `their shape is ${formatShape(shape)}`, wanted: "[batch, features] or [batch, height, width, channels] with a known last size" });
  }
  const builder = new GraphBuilder(trunk);
  let features = from;
  if (shape.length === 4) features = builder.add(`${headPath}/pool`, "mean", [features], { axes: [1, 2], keepDims: false });
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
