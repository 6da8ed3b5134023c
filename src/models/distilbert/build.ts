/** DistilBERT (Sanh et al., 2019): BERT's encoder under other names, without segments and pooler, and its classifier. */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { growEncoder, type EncoderNames } from "../bert/encoder.ts";
import { classesOf, count, layerCount } from "../checkpoints/config-fields.ts";
import { dropoutRate, isSequenceClassifier, paddingIdOf } from "../checkpoints/text-config.ts";
import { activationOf } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

const names: EncoderNames = {
  embeddings: "distilbert/embeddings",
  layer: (index) => `distilbert/transformer/layer/${index}`,
  query: "attention/q_lin",
  key: "attention/k_lin",
  value: "attention/v_lin",
  attentionOutput: "attention/out_lin",
  attentionNorm: "sa_layer_norm",
  inner: "ffn/lin1",
  outer: "ffn/lin2",
  outputNorm: "output_layer_norm",
  dropsAttentionOutput: false,
};

function build(config: JsonCursor): CheckpointModel {
  const width = count(config.get("dim"), 768);
  const vocabulary = count(config.get("vocab_size"), 30522);
  const shape = {
    layers: layerCount(config.get("n_layers"), 6),
    width,
    heads: count(config.get("n_heads"), 12),
    innerWidth: count(config.get("hidden_dim"), 3072),
    vocabulary,
    positions: count(config.get("max_position_embeddings"), 512),
    segments: 0,
    // Fixed in transformers.
    epsilon: 1e-12,
    act: activationOf(config.get("activation"), "gelu"),
    dropout: dropoutRate(config.get("dropout"), 0.1),
    paddingId: paddingIdOf(config, vocabulary, 0),
    positionsFollowPadding: false,
  };
  const { layers, hidden, firstToken, model } = growEncoder(names, shape, config.get("n_heads"));
  if (!isSequenceClassifier(config)) return model(hidden);
  const inner = layers.activation("pre_classifier", layers.linear("pre_classifier", firstToken(), width, width), "relu");
  return model(layers.linear("classifier", layers.dropout("classifier", inner, dropoutRate(config.get("seq_classif_dropout"), 0.2)), width, classesOf(config)));
}

export const distilbert: CheckpointFamily = { modelTypes: ["distilbert"], basePrefix: "distilbert.", build };
