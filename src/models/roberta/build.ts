/** RoBERTa (Liu et al., 2019) and what is built alike (XLM-RoBERTa, CamemBERT): BERT's encoder with other positions and another classifier. */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { bertShape } from "../bert/build.ts";
import { bertNames, growEncoder } from "../bert/encoder.ts";
import { classesOf } from "../checkpoints/config-fields.ts";
import { dropoutRate, isSequenceClassifier } from "../checkpoints/text-config.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

function build(config: JsonCursor): CheckpointModel {
  const shape = bertShape(config, true);
  const { width } = shape;
  if (shape.positions <= shape.paddingId + 1) throw config.get("max_position_embeddings").wrong(`more positions than the padding's id ${shape.paddingId} leaves unused`);
  const { layers, builder, hidden, firstToken, model } = growEncoder(bertNames("roberta"), shape, config.get("num_attention_heads"));
  if (!isSequenceClassifier(config)) return model(hidden);
  const rate = dropoutRate(config.get("classifier_dropout"), shape.dropout);
  const inner = builder.add("classifier/dense/act", "tanh", [layers.linear("classifier/dense", layers.dropout("classifier/dense", firstToken(), rate), width, width)], {});
  return model(layers.linear("classifier/out_proj", layers.dropout("classifier/out_proj", inner, rate), width, classesOf(config)));
}

export const roberta: CheckpointFamily = { modelTypes: ["roberta", "xlm-roberta", "camembert"], basePrefix: "roberta.", build };
