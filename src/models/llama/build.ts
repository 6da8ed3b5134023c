/**
 * Llama (Touvron et al., 2023) and what is built alike, Mistral and Qwen2, as transformers names their parameters: norms ahead of
 * each part, rotary positions, attention in which several heads share keys and values, and a gated feed-forward. A new head reads
 * the mean of the tokens, as for GPT-2.
 */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { causalOutput } from "../checkpoints/causal.ts";
import { count, layerCount, oneOf } from "../checkpoints/config-fields.ts";
import { causalPaddingId, endOfTextIds, headWidth } from "../checkpoints/text-config.ts";
import { activationOf, TorchLayers } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";
import { rotaryFrequencies } from "./rope.ts";

/** What the three configs say in different ways. */
interface Variant {
  readonly queryKeyValueBias: boolean;
  readonly outputBias: boolean;
  readonly feedForwardBias: boolean;
  /** Where attention reaches back only so far, texts have to be within that. */
  readonly window: number | null;
}

function variantOf(config: JsonCursor): Variant {
  const type = oneOf(config.get("model_type"), "llama", ["llama", "mistral", "qwen2"]);
  if (type === "llama") {
    const bias = config.get("attention_bias").boolean(false);
    return { queryKeyValueBias: bias, outputBias: bias, feedForwardBias: config.get("mlp_bias").boolean(false), window: null };
  }
  const isWindowed = type === "mistral" || config.get("use_sliding_window").boolean(false);
  const window = config.get("sliding_window");
  return { queryKeyValueBias: type === "qwen2", outputBias: false, feedForwardBias: false, window: isWindowed && !window.isMissing ? window.integer(1) : null };
}

function build(config: JsonCursor): CheckpointModel {
  const { queryKeyValueBias, outputBias, feedForwardBias, window } = variantOf(config);
  const width = count(config.get("hidden_size"), 4096);
  const innerWidth = count(config.get("intermediate_size"), 11008);
  const heads = count(config.get("num_attention_heads"), 32);
  const keyValueHeads = count(config.get("num_key_value_heads"), heads);
  const vocabulary = count(config.get("vocab_size"), 32000);
  const positionCount = count(config.get("max_position_embeddings"), 2048);
  const epsilon = config.get("rms_norm_eps").number(1e-6);
  const act = activationOf(config.get("hidden_act"), "silu");
  const paddingId = causalPaddingId(config, vocabulary);
  const ownHeadWidth = config.get("head_dim");
  const perHead = ownHeadWidth.isMissing ? headWidth(config.get("num_attention_heads"), width, heads) : count(ownHeadWidth, 0);
  oneOf(config.get("partial_rotary_factor"), 1, [1]);
  if (perHead % 2 !== 0) throw new GraftError({ where: config.where, what: `a head is ${perHead} wide`, wanted: "an even width, whose halves can turn" });
  if (heads % keyValueHeads !== 0) throw config.get("num_key_value_heads").wrong(`a divisor of the ${heads} heads`);
  const frequencies = rotaryFrequencies(config, perHead);

  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks = Array.from({ length: layerCount(config.get("num_hidden_layers"), 32) }, (_, i) => `model/layers/${i}`);
  const ids = builder.input("input_ids", [null, null], "int32");
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId });
  const positions = builder.add("positions", "positionIds", [ids], { offset: 0 });

  function attention(path: string, x: string): string {
    const project = (name: string, count: number): string => layers.linear(`${path}/${name}`, x, width, count * perHead, { bias: queryKeyValueBias });
    const turned = (name: string, count: number): string => builder.add(`${path}/${name}/turned`, "rotaryEmbedding", [project(name, count), positions], { heads: count, frequencies });
    const attended = builder.add(`${path}/heads`, "attention", [turned("q_proj", heads), turned("k_proj", keyValueHeads), project("v_proj", keyValueHeads), mask], {
      heads,
      keyValueHeads,
      scale: 1 / Math.sqrt(perHead),
      causal: true,
    });
    return layers.linear(`${path}/o_proj`, attended, heads * perHead, width, { bias: outputBias });
  }

  function feedForward(path: string, x: string): string {
    const gate = layers.activation(path, layers.linear(`${path}/gate_proj`, x, width, innerWidth, { bias: feedForwardBias }), act);
    const gated = builder.add(`${path}/gated`, "multiply", [gate, layers.linear(`${path}/up_proj`, x, width, innerWidth, { bias: feedForwardBias })], {});
    return layers.linear(`${path}/down_proj`, gated, innerWidth, width, { bias: feedForwardBias });
  }

  const norm = (path: string, x: string): string => builder.add(`${path}/out`, "rmsNorm", [x, builder.parameter(`${path}/weight`, [width])], { epsilon });

  let x = layers.embedding("model/embed_tokens", ids, vocabulary, width);
  for (const path of blocks) {
    x = builder.add(`${path}/self_attn/sum`, "add", [attention(`${path}/self_attn`, norm(`${path}/input_layernorm`, x)), x], {});
    x = builder.add(`${path}/mlp/sum`, "add", [feedForward(`${path}/mlp`, norm(`${path}/post_attention_layernorm`, x)), x], {});
  }
  const hidden = norm("model/norm", x);
  const features = builder.add("features/mean", "maskedMean", [hidden, mask], {});
  const output = causalOutput(config, { builder, layers, hidden, mask, positions, width, vocabulary, table: "model/embed_tokens/weight", tied: config.get("tie_word_embeddings").boolean(false) });
  return { graph: builder.build([output]), features, blocks, input: { kind: "text", name: ids, maxTokens: Math.min(positionCount, window ?? Infinity), paddingId, endOfText: endOfTextIds(config, vocabulary) } };
}

export const llama: CheckpointFamily = { modelTypes: ["llama", "mistral", "qwen2"], writes: true, basePrefix: "model.", build };
