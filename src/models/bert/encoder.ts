/**
 * The encoder that BERT, RoBERTa and DistilBERT share (Devlin et al., 2018): embeddings, then layers of attention and feed-forward with
 * a layer norm behind each sum. The families differ in names, in their positions, and in what they put on top, which is theirs.
 */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { headWidth } from "../checkpoints/text-config.ts";
import { TorchLayers, type ActivationName } from "../checkpoints/torch-layers.ts";
import type { CheckpointModel } from "../checkpoints/types.ts";

export interface EncoderShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly innerWidth: number;
  readonly vocabulary: number;
  /** Rows of the position table. */
  readonly positions: number;
  /** Rows of the segment table; 0 where there is none. One text is segment 0. */
  readonly segments: number;
  readonly epsilon: number;
  readonly act: ActivationName;
  readonly dropout: number;
  readonly paddingId: number;
  /** RoBERTa counts positions from the padding id + 1, BERT from 0. */
  readonly positionsFollowPadding: boolean;
}

/** Upstream names: of the embeddings and of a layer in full, of a layer's parts below the layer. */
export interface EncoderNames {
  readonly embeddings: string;
  readonly layer: (index: number) => string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly inner: string;
  readonly outer: string;
  readonly outputNorm: string;
  /** Whether dropout follows the attention's output too. */
  readonly dropsAttentionOutput: boolean;
}

export const bertNames = (base: string): EncoderNames => ({
  embeddings: `${base}/embeddings`,
  layer: (index) => `${base}/encoder/layer/${index}`,
  query: "attention/self/query",
  key: "attention/self/key",
  value: "attention/self/value",
  attentionOutput: "attention/output/dense",
  attentionNorm: "attention/output/LayerNorm",
  inner: "intermediate/dense",
  outer: "output/dense",
  outputNorm: "output/LayerNorm",
  dropsAttentionOutput: true,
});

export interface Encoder {
  readonly builder: GraphBuilder;
  readonly layers: TorchLayers;
  /** [batch, tokens, width] */
  readonly hidden: string;
  /** [batch, width]: the last state of the first token, which the published classifiers read. */
  readonly firstToken: () => string;
  /** The model whose output is `output`; a new head reads the mean of the tokens. */
  readonly model: (output: string) => CheckpointModel;
}

/** @param heads the config's field, for the error if it does not divide the width. */
export function growEncoder(names: EncoderNames, shape: EncoderShape, headsField: JsonCursor): Encoder {
  const { width, heads, epsilon, dropout, paddingId } = shape;
  const scale = 1 / Math.sqrt(headWidth(headsField, width, heads));
  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks = Array.from({ length: shape.layers }, (_, i) => names.layer(i));

  const ids = builder.input("input_ids", [null, null], "int32");
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId });
  const positions = builder.add("positions", "positionIds", [ids], shape.positionsFollowPadding ? { offset: 0, paddingId } : { offset: 0 });

  function embed(): string {
    const path = names.embeddings;
    let x = layers.embedding(`${path}/word_embeddings`, ids, shape.vocabulary, width);
    if (shape.segments > 0) {
      const table = builder.parameter(`${path}/token_type_embeddings/weight`, [shape.segments, width]);
      x = builder.add(`${path}/with_segment`, "add", [x, builder.add(`${path}/token_type_embeddings/out`, "slice", [table], { begin: [0, 0], size: [1, -1] })], {});
    }
    x = builder.add(`${path}/sum`, "add", [x, layers.embedding(`${path}/position_embeddings`, positions, shape.positions, width)], {});
    return layers.dropout(path, layers.layerNorm(`${path}/LayerNorm`, x, width, epsilon), dropout);
  }

  function layer(path: string, x: string): string {
    const [query, key, value] = [names.query, names.key, names.value].map((name) => layers.linear(`${path}/${name}`, x, width, width)) as [string, string, string];
    const attended = builder.add(`${path}/attention/out`, "attention", [query, key, value, mask], { heads, scale });
    let y = layers.linear(`${path}/${names.attentionOutput}`, attended, width, width);
    if (names.dropsAttentionOutput) y = layers.dropout(`${path}/attention`, y, dropout);
    y = layers.layerNorm(`${path}/${names.attentionNorm}`, builder.add(`${path}/attention/sum`, "add", [y, x], {}), width, epsilon);
    const inner = layers.activation(`${path}/${names.inner}`, layers.linear(`${path}/${names.inner}`, y, width, shape.innerWidth), shape.act);
    const outer = layers.dropout(`${path}/${names.outer}`, layers.linear(`${path}/${names.outer}`, inner, shape.innerWidth, width), dropout);
    return layers.layerNorm(`${path}/${names.outputNorm}`, builder.add(`${path}/sum`, "add", [outer, y], {}), width, epsilon);
  }

  const hidden = blocks.reduce((x, path) => layer(path, x), embed());
  const features = builder.add("features/mean", "maskedMean", [hidden, mask], {});
  const maxTokens = shape.positionsFollowPadding ? shape.positions - paddingId - 1 : shape.positions;
  return {
    builder,
    layers,
    hidden,
    firstToken: () => builder.add("first_token/out", "reshape", [builder.add("first_token/slice", "slice", [hidden], { begin: [0, 0, 0], size: [-1, 1, -1] })], { shape: [-1, width] }),
    model: (output) => ({ graph: builder.build([output]), features, blocks, input: { kind: "text", name: ids, maxTokens, paddingId } }),
  };
}
