/** What the decoders end with, as transformers builds it: scores of the next token, or classes read from the last token of a text. */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { classesOf } from "./config-fields.ts";
import { architectureName, isSequenceClassifier } from "./text-config.ts";
import type { TorchLayers } from "./torch-layers.ts";

export interface CausalTrunk {
  readonly builder: GraphBuilder;
  readonly layers: TorchLayers;
  /** [batch, tokens, width], after the last norm. */
  readonly hidden: string;
  /** float [batch, tokens], 1 where a token is. */
  readonly mask: string;
  /** int32 [batch, tokens], from 0 upwards. */
  readonly positions: string;
  readonly width: number;
  readonly vocabulary: number;
  /** Path of the token table [vocabulary, width]; where the config ties them, it scores the next token too. */
  readonly table: string;
  readonly tied: boolean;
}

/** The output that the config's architecture names: [batch, classes], [batch, tokens, vocabulary], or the hidden states of a bare trunk. */
export function causalOutput(config: JsonCursor, trunk: CausalTrunk): string {
  const { builder, layers, hidden, width, vocabulary, table, tied } = trunk;
  if (isSequenceClassifier(config)) return layers.linear("score", lastToken(trunk), width, classesOf(config), { bias: false });
  if (!/(ForCausalLM|LMHeadModel)$/.test(architectureName(config))) return hidden;
  return tied ? builder.add("lm_head/out", "matMul", [hidden, table], { transposeA: false, transposeB: true }) : layers.linear("lm_head", hidden, width, vocabulary, { bias: false });
}

/** [batch, tokens, width] -> [batch, width]: the last token that is no padding, as the mean over a mask that is 1 there alone. */
function lastToken({ builder, hidden, mask, positions }: CausalTrunk): string {
  const places = builder.add("last_token/places", "cast", [positions], { dtype: "float32" });
  const last = builder.add("last_token/last", "max", [builder.add("last_token/masked", "multiply", [places, mask], {})], { axes: [1], keepDims: true });
  const isLast = builder.add("last_token/is_last", "compare", [places, last], { relation: "equal" });
  return builder.add("last_token/out", "maskedMean", [hidden, builder.add("last_token/mask", "cast", [isLast], { dtype: "float32" })], {});
}
