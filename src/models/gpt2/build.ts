/**
 * GPT-2 (Radford et al., 2019), as transformers names its parameters. Its linear layers ("Conv1D") keep their weights as [in, out].
 * A new head reads the mean of the tokens: the last token's state alone is made for guessing the next word.
 */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { causalOutput } from "../checkpoints/causal.ts";
import { count, layerCount, oneOf } from "../checkpoints/config-fields.ts";
import { causalPaddingId, dropoutRate, endOfTextIds, headWidth } from "../checkpoints/text-config.ts";
import { activationOf, TorchLayers } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

function build(config: JsonCursor): CheckpointModel {
  oneOf(config.get("add_cross_attention"), false, [false]);
  const width = count(config.get("n_embd"), 768);
  const heads = count(config.get("n_head"), 12);
  const innerWidth = count(config.get("n_inner"), 4 * width);
  const vocabulary = count(config.get("vocab_size"), 50257);
  const maxTokens = count(config.get("n_positions"), 1024);
  const epsilon = config.get("layer_norm_epsilon").number(1e-5);
  const act = activationOf(config.get("activation_function"), "gelu_new");
  const residualDropout = dropoutRate(config.get("resid_pdrop"), 0.1);
  const scale = config.get("scale_attn_weights").boolean(true) ? 1 / Math.sqrt(headWidth(config.get("n_head"), width, heads)) : 1;
  const scalesByLayer = config.get("scale_attn_by_inverse_layer_idx").boolean(false);
  const paddingId = causalPaddingId(config, vocabulary);

  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks = Array.from({ length: layerCount(config.get("n_layer"), 12) }, (_, i) => `transformer/h/${i}`);
  const ids = builder.input("input_ids", [null, null], "int32");
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId });
  const positions = builder.add("positions", "positionIds", [ids], { offset: 0 });

  function conv1d(path: string, x: string, from: number, to: number): string {
    const product = builder.add(`${path}/matmul`, "matMul", [x, builder.parameter(`${path}/weight`, [from, to])], { transposeA: false, transposeB: false });
    return builder.add(`${path}/out`, "add", [product, builder.parameter(`${path}/bias`, [to])], {});
  }

  function attention(path: string, x: string, index: number): string {
    const all = conv1d(`${path}/c_attn`, x, width, 3 * width);
    const [query, key, value] = ["query", "key", "value"].map((name, i) => builder.add(`${path}/${name}`, "slice", [all], { begin: [0, 0, i * width], size: [-1, -1, width] })) as [string, string, string];
    const attended = builder.add(`${path}/heads`, "attention", [query, key, value, mask], { heads, scale: scalesByLayer ? scale / (index + 1) : scale, causal: true });
    return layers.dropout(path, conv1d(`${path}/c_proj`, attended, width, width), residualDropout);
  }

  function feedForward(path: string, x: string): string {
    const inner = layers.activation(path, conv1d(`${path}/c_fc`, x, width, innerWidth), act);
    return layers.dropout(path, conv1d(`${path}/c_proj`, inner, innerWidth, width), residualDropout);
  }

  const embedded = layers.embedding("transformer/wte", ids, vocabulary, width);
  let x = builder.add("transformer/embedded", "add", [embedded, layers.embedding("transformer/wpe", positions, maxTokens, width)], {});
  x = layers.dropout("transformer/wpe", x, dropoutRate(config.get("embd_pdrop"), 0.1));
  for (const [index, path] of blocks.entries()) {
    x = builder.add(`${path}/attn/sum`, "add", [attention(`${path}/attn`, layers.layerNorm(`${path}/ln_1`, x, width, epsilon), index), x], {});
    x = builder.add(`${path}/mlp/sum`, "add", [feedForward(`${path}/mlp`, layers.layerNorm(`${path}/ln_2`, x, width, epsilon)), x], {});
  }
  const hidden = layers.layerNorm("transformer/ln_f", x, width, epsilon);
  const features = builder.add("features/mean", "maskedMean", [hidden, mask], {});
  const output = causalOutput(config, { builder, layers, hidden, mask, positions, width, vocabulary, table: "transformer/wte/weight", tied: config.get("tie_word_embeddings").boolean(true) });
  return { graph: builder.build([output]), features, blocks, input: { kind: "text", name: ids, maxTokens, paddingId, endOfText: endOfTextIds(config, vocabulary) } };
}

export const gpt2: CheckpointFamily = { modelTypes: ["gpt2"], writes: true, basePrefix: "transformer.", build };
