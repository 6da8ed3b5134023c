/**
 * Universal Sentence Encoder Lite (Cer et al., 2018) as a padded, batched graph: two transformer layers over SentencePiece
 * tokens, the mean of the tokens, one tanh layer, and a vector of length one. Node by node what the published graph
 * computes with ragged tensors, its peculiarities included.
 */
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/types.ts";
import { paddingId } from "./tokenizer.ts";

export const inputName = "ids";
/** [batch, 512], each row of length one. */
export const featuresName = "pooler/normalized";
export const blocks = ["encoder/layer_0", "encoder/layer_1"] as const;

const rows = 8002;
const embeddingWidth = 256;
const width = 512;
const feedForwardWidth = 1536;
const heads = 4;
const layerNormEpsilon = 1e-6;

/** The published graph cuts longer texts here. */
export const maxTokens = 128;

/** Input `ids` int32 [batch, tokens], padded with `paddingId`. */
export function buildUniversalSentenceEncoderLite(): Graph {
  const builder = new GraphBuilder();
  const ids = builder.input(inputName, [null, null], "int32");
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId });
  const embedded = builder.add("embedding/tokens", "embedding", [builder.parameter("embedding/table", [rows, embeddingWidth]), ids], {});
  const timed = builder.add("embedding/timed", "addTimingSignal", [embedded, mask], { minTimescale: 1, maxTimescale: 1e4 });
  // The published graph adds the embedding to its timed self, so it counts twice.
  let x = builder.add("embedding/sum", "add", [embedded, timed], {});
  x = encoderLayer(builder, "encoder/layer_0", x, mask, embeddingWidth);
  x = encoderLayer(builder, "encoder/layer_1", x, mask, width);
  const mean = builder.add("pooler/mean", "maskedMean", [x, mask], {});
  const projected = dense(builder, "pooler/dense", mean, width, width);
  const bounded = builder.add("pooler/tanh", "tanh", [projected], {});
  return builder.build([builder.add(featuresName, "l2Normalize", [bounded], { epsilon: 1e-12 })]);
}

/** Pre-norm attention and feed-forward; where the widths differ, the residual goes through a dense layer. */
function encoderLayer(builder: GraphBuilder, path: string, x: string, mask: string, inputWidth: number): string {
  const normed = layerNorm(builder, `${path}/attention/norm`, x, inputWidth);
  const qkv = dense(builder, `${path}/attention/qkv`, normed, inputWidth, 3 * inputWidth);
  const part = (name: string, index: number): string => builder.add(`${path}/attention/${name}`, "slice", [qkv], { begin: [0, 0, index * inputWidth], size: [-1, -1, inputWidth] });
  const attended = builder.add(`${path}/attention/heads`, "attention", [part("query", 0), part("key", 1), part("value", 2), mask], { heads, scale: 1 / Math.sqrt(inputWidth / heads) });
  const mixed = dense(builder, `${path}/attention/output`, attended, inputWidth, width);
  const residual = inputWidth === width ? x : dense(builder, `${path}/residual`, x, inputWidth, width);
  const sum = builder.add(`${path}/attention/sum`, "add", [mixed, residual], {});
  const inner = dense(builder, `${path}/feed_forward/inner`, layerNorm(builder, `${path}/feed_forward/norm`, sum, width), width, feedForwardWidth);
  const active = builder.add(`${path}/feed_forward/relu`, "relu", [inner], {});
  return builder.add(`${path}/feed_forward/sum`, "add", [dense(builder, `${path}/feed_forward/outer`, active, feedForwardWidth, width), sum], {});
}

function layerNorm(builder: GraphBuilder, path: string, x: string, size: number): string {
  const parameters = [builder.parameter(`${path}/gamma`, [size]), builder.parameter(`${path}/beta`, [size])];
  return builder.add(`${path}/out`, "layerNorm", [x, ...parameters], { epsilon: layerNormEpsilon });
}

function dense(builder: GraphBuilder, path: string, x: string, from: number, to: number): string {
  const product = builder.add(`${path}/matmul`, "matMul", [x, builder.parameter(`${path}/kernel`, [from, to])], { transposeA: false, transposeB: false });
  return builder.add(`${path}/out`, "add", [product, builder.parameter(`${path}/bias`, [to])], {});
}
