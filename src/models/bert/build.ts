/** BERT (Devlin et al., 2018), as transformers names its parameters and builds its classifier: pooler, dropout, one linear layer. */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { classesOf, count, layerCount, oneOf } from "../checkpoints/config-fields.ts";
import { dropoutRate, isSequenceClassifier, paddingIdOf } from "../checkpoints/text-config.ts";
import { activationOf } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";
import { bertNames, growEncoder, type EncoderShape } from "./encoder.ts";

/** What BERT and RoBERTa configure alike. @throws GraftError for positions or layers of another kind. */
export function bertShape(config: JsonCursor, positionsFollowPadding: boolean): EncoderShape {
  oneOf(config.get("position_embedding_type"), "absolute", ["absolute"]);
  for (const field of ["is_decoder", "add_cross_attention"]) oneOf(config.get(field), false, [false]);
  const vocabulary = count(config.get("vocab_size"), 30522);
  return {
    layers: layerCount(config.get("num_hidden_layers"), 12),
    width: count(config.get("hidden_size"), 768),
    heads: count(config.get("num_attention_heads"), 12),
    innerWidth: count(config.get("intermediate_size"), 3072),
    vocabulary,
    positions: count(config.get("max_position_embeddings"), 512),
    segments: count(config.get("type_vocab_size"), 2),
    epsilon: config.get("layer_norm_eps").number(1e-12),
    act: activationOf(config.get("hidden_act"), "gelu"),
    dropout: dropoutRate(config.get("hidden_dropout_prob"), 0.1),
    paddingId: paddingIdOf(config, vocabulary, positionsFollowPadding ? 1 : 0),
    positionsFollowPadding,
  };
}

function build(config: JsonCursor): CheckpointModel {
  const shape = bertShape(config, false);
  const { layers, builder, hidden, firstToken, model } = growEncoder(bertNames("bert"), shape, config.get("num_attention_heads"));
  if (!isSequenceClassifier(config)) return model(hidden);
  const pooled = builder.add("bert/pooler/act", "tanh", [layers.linear("bert/pooler/dense", firstToken(), shape.width, shape.width)], {});
  return model(layers.linear("classifier", layers.dropout("classifier", pooled, dropoutRate(config.get("classifier_dropout"), shape.dropout)), shape.width, classesOf(config)));
}

export const bert: CheckpointFamily = { modelTypes: ["bert"], basePrefix: "bert.", build };
