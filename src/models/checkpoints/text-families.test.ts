/**
 * The text families whose checkpoints can be read, by the configs of published ones: as many parameters as published, names, blocks,
 * outputs, and what a config may not ask for. What they compute: ../families.long.test.ts.
 */
import { describe, expect, it } from "vitest";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { allGroups, layerGroups } from "../../graph/layer-groups.ts";
import { countWeights } from "../../graph/parameters.ts";
import { inferDTypes, inferShapes } from "../../graph/shapes.ts";
import type { GraphNode } from "../../graph/types.ts";
import { rotaryFrequencies } from "../llama/rope.ts";
import { buildCheckpoint, checkpointCases } from "../testing/checkpoint-problems.ts";
import type { CheckpointModel } from "./types.ts";

type Config = Readonly<Record<string, unknown>> & { readonly model_type: string };

const bertBase = { model_type: "bert", architectures: ["BertForMaskedLM"], vocab_size: 30522, hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072, hidden_act: "gelu", type_vocab_size: 2, max_position_embeddings: 512, pad_token_id: 0 };
const bertClassifier = { ...bertBase, architectures: ["BertForSequenceClassification"], id2label: { 0: "no", 1: "yes" } };
const robertaBase = { model_type: "roberta", architectures: ["RobertaForSequenceClassification"], vocab_size: 50265, max_position_embeddings: 514, type_vocab_size: 1, layer_norm_eps: 1e-5, pad_token_id: 1, eos_token_id: 2 };
const distilbertBase = { model_type: "distilbert", architectures: ["DistilBertForSequenceClassification"], dim: 768, n_layers: 6, n_heads: 12, hidden_dim: 3072, vocab_size: 30522 };
const gpt2Small = { model_type: "gpt2", architectures: ["GPT2LMHeadModel"], n_embd: 768, n_layer: 12, n_head: 12, n_positions: 1024, vocab_size: 50257, eos_token_id: 50256 };
const llama7b = { model_type: "llama", architectures: ["LlamaForCausalLM"], hidden_size: 4096, intermediate_size: 11008, num_hidden_layers: 32, num_attention_heads: 32, vocab_size: 32000, eos_token_id: 2, pad_token_id: -1 };
const llama3 = { factor: 32, high_freq_factor: 4, low_freq_factor: 1, original_max_position_embeddings: 8192, rope_type: "llama3" };
const llama1b = { ...llama7b, hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: 16, num_key_value_heads: 8, head_dim: 64, vocab_size: 128256, max_position_embeddings: 131072, rope_theta: 500000, rope_scaling: llama3, tie_word_embeddings: true, eos_token_id: [128001, 128008] };
const mistral7b = { ...llama7b, model_type: "mistral", architectures: ["MistralForCausalLM"], intermediate_size: 14336, num_key_value_heads: 8, sliding_window: 4096, max_position_embeddings: 32768 };
const qwenHalfB = { model_type: "qwen2", architectures: ["Qwen2ForCausalLM"], hidden_size: 896, intermediate_size: 4864, num_hidden_layers: 24, num_attention_heads: 14, num_key_value_heads: 2, vocab_size: 151936, tie_word_embeddings: true, max_position_embeddings: 32768, sliding_window: 32768, use_sliding_window: false, eos_token_id: 151643 };

const build = (config: Config): CheckpointModel => buildCheckpoint(config);

/** As the model cards and papers have it, or PyTorch counts the published files. */
const published: readonly (readonly [string, Config, number, readonly (number | null)[]])[] = [
  ["bert-base-uncased, without its pooler", bertBase, 109_482_240 - 590_592, [null, null, 768]],
  ["bert-base-uncased, with a head for two classes", bertClassifier, 109_482_240 + 1538, [null, 2]],
  ["distilbert-base-uncased, with a head for two classes", distilbertBase, 66_362_880 + 590_592 + 1538, [null, 2]],
  ["roberta-base, with a head for two classes", robertaBase, 124_055_040 + 590_592 + 1538, [null, 2]],
  ["gpt2", gpt2Small, 124_439_808, [null, null, 50257]],
  ["gpt2-xl", { ...gpt2Small, n_embd: 1600, n_layer: 48, n_head: 25 }, 1_557_611_200, [null, null, 50257]],
  ["Llama 2 7B", llama7b, 6_738_415_616, [null, null, 32000]],
  ["Llama 3.2 1B", llama1b, 1_235_814_400, [null, null, 128256]],
  ["Mistral 7B", mistral7b, 7_241_732_096, [null, null, 32000]],
  ["Qwen2.5 0.5B", qwenHalfB, 494_032_768, [null, null, 151936]],
];

describe("families of published text models", () => {
  it.each(published)("%s has as many parameters as published", (_, config, parameters, output) => {
    const { graph, features, input } = build(config);
    expect(countWeights(graph)).toBe(parameters);
    const shapes = inferShapes(graph);
    expect(shapes.get(graph.outputs[0] as string)).toEqual(output);
    expect(shapes.get(features)).toEqual([null, config["hidden_size"] ?? config["n_embd"] ?? 768]);
    expect(graph.inputs).toEqual([{ name: input.name, shape: [null, null], dtype: "int32" }]);
    expect(inferDTypes(graph).get("positions")).toBe("int32");
  });

  it("has its blocks as layer groups, in flow order, and masks the padding that it names", () => {
    const cases = checkpointCases.filter((golden) => "tokens" in golden);
    expect(cases).toHaveLength(8);
    for (const { name, config } of cases) {
      const { graph, blocks, input } = build(config);
      const paths = allGroups(layerGroups(graph)).map(({ path }) => path);
      expect(blocks.length, name).toBe(2);
      expect(paths.filter((path) => blocks.includes(path)), name).toEqual(blocks);
      const masked = graph.nodes.flatMap((node) => (node.op === "paddingMask" ? [node.attributes.paddingId] : []));
      expect(masked, name).toEqual(input.kind === "text" ? [input.paddingId] : []);
    }
  });

  it.each<readonly [string, Config, number, number, readonly number[] | undefined]>([
    ["BERT", bertBase, 512, 0, undefined],
    ["RoBERTa, whose positions start behind its padding id", robertaBase, 512, 1, undefined],
    ["GPT-2, which pads with the end of a text", gpt2Small, 1024, 50256, [50256]],
    ["Llama 2, whose padding id is none", llama7b, 2048, 2, [2]],
    ["Llama 3.2, with several ends", llama1b, 131072, 128001, [128001, 128008]],
    ["Mistral, as far as each token sees all before it", mistral7b, 4096, 2, [2]],
    ["Qwen2 without a window", qwenHalfB, 32768, 151643, [151643]],
    ["Qwen2 with a window", { ...qwenHalfB, use_sliding_window: true, sliding_window: 1024 }, 1024, 151643, [151643]],
  ])("takes texts of %s", (_, config, maxTokens, paddingId, endOfText) => {
    expect(build(config).input).toEqual({ kind: "text", name: "input_ids", maxTokens, paddingId, ...(endOfText && { endOfText }) });
  });

  it("drops out where the config says, and nowhere without a rate", () => {
    const dropouts = (config: Config): readonly [string, number][] => build(config).graph.nodes.flatMap((node) => (node.op === "dropout" ? [[node.name, node.attributes.rate] as const] : [])).map(([name, rate]) => [name, rate]);
    const small = { ...bertClassifier, num_hidden_layers: 1, hidden_dropout_prob: 0.2, classifier_dropout: 0.3 };
    expect(dropouts(small)).toEqual([
      ["bert/embeddings/dropout", 0.2],
      ["bert/encoder/layer/0/attention/dropout", 0.2],
      ["bert/encoder/layer/0/output/dense/dropout", 0.2],
      ["classifier/dropout", 0.3],
    ]);
    expect(dropouts({ ...small, hidden_dropout_prob: 0, classifier_dropout: null })).toEqual([]);
    expect(dropouts({ ...gpt2Small, n_layer: 1, embd_pdrop: 0.1, resid_pdrop: 0.2 }).map(([, rate]) => rate)).toEqual([0.1, 0.2, 0.2]);
  });

  it("takes a bias, and scales by layer, where the config says", () => {
    const names = (config: Config): readonly string[] => build(config).graph.parameters.map(({ name }) => name).filter((name) => name.startsWith("model/layers/0/") && name.endsWith("bias"));
    const small = { ...llama7b, num_hidden_layers: 1 };
    expect(names(small)).toEqual([]);
    expect(names({ ...small, attention_bias: true, mlp_bias: true })).toHaveLength(7);
    expect(names({ ...qwenHalfB, num_hidden_layers: 1 }).map((name) => name.split("/").at(-2))).toEqual(["q_proj", "k_proj", "v_proj"]);
    const scales = (config: Config): readonly number[] => build(config).graph.nodes.filter((node): node is GraphNode & { op: "attention" } => node.op === "attention").map(({ attributes }) => attributes.scale);
    expect(scales({ ...gpt2Small, n_layer: 2, scale_attn_by_inverse_layer_idx: true })).toEqual([1 / 8, 1 / 16]);
    expect(scales({ ...gpt2Small, n_layer: 1, scale_attn_weights: false })).toEqual([1]);
  });

  it.each<readonly [Config, string]>([
    [{ ...bertBase, position_embedding_type: "relative_key" }, 'config.json, "position_embedding_type": it is "relative_key". Expected "absolute".'],
    [{ ...bertBase, is_decoder: true }, 'config.json, "is_decoder": it is true. Expected false.'],
    [{ ...bertBase, hidden_act: "mish" }, 'config.json, "hidden_act": it is "mish". Expected relu, '],
    [{ ...bertBase, num_attention_heads: 7 }, 'config.json, "num_attention_heads": it is 7. Expected a divisor of the width 768.'],
    [{ ...bertBase, num_hidden_layers: 1e9 }, 'config.json, "num_hidden_layers": it is 1000000000. Expected a whole number of at most 1000.'],
    [{ ...bertBase, hidden_dropout_prob: 1 }, 'config.json, "hidden_dropout_prob": it is 1. Expected a rate from 0 to below 1.'],
    [{ ...robertaBase, max_position_embeddings: 2 }, 'config.json, "max_position_embeddings": it is 2. Expected more positions'],
    [{ ...distilbertBase, activation: "sinus" }, 'config.json, "activation": it is "sinus".'],
    [{ ...gpt2Small, add_cross_attention: true }, 'config.json, "add_cross_attention": it is true. Expected false.'],
    [{ ...llama7b, num_key_value_heads: 5 }, 'config.json, "num_key_value_heads": it is 5. Expected a divisor of the 32 heads.'],
    [{ ...llama7b, rope_scaling: { type: "yarn", factor: 4 } }, 'config.json, "rope_scaling", "type": it is "yarn". Expected "default" or "linear" or "llama3".'],
    [{ ...llama7b, head_dim: 63 }, "config.json: a head is 63 wide. Expected an even width"],
    [{ ...llama7b, partial_rotary_factor: 0.5 }, 'config.json, "partial_rotary_factor": it is 0.5. Expected 1.'],
  ])("refuses a config by the name of its field %#", (config, sentence) => {
    expect(() => build(config)).toThrow(sentence);
  });
});

describe("how fast positions turn", () => {
  const of = (config: object, width = 8): readonly number[] => rotaryFrequencies(new JsonCursor(config, "config.json"), width);

  it("is theta to the power of the place in a head, in old configs and in new ones", () => {
    expect(of({}).map((frequency) => frequency.toPrecision(6))).toEqual(["1.00000", "0.100000", "0.0100000", "0.00100000"]);
    expect(of({ rope_theta: 1e6 })[2]).toBeCloseTo(1e-3, 12);
    expect(of({ rope_parameters: { rope_theta: 1e6, rope_type: "default" } })).toEqual(of({ rope_theta: 1e6 }));
    expect(of({ rope_scaling: { type: "linear", factor: 4 } })).toEqual(of({}).map((frequency) => frequency / 4));
  });

  it("of Llama 3 stays for what turns fast, is slowed for what turns slowly, and lies between for the rest", () => {
    const scaled = of(llama1b, 64);
    const unscaled = of({ rope_theta: 500000 }, 64);
    const ratios = scaled.map((frequency, i) => (unscaled[i] as number) / frequency);
    expect(ratios[0]).toBe(1);
    expect(ratios.at(-1)).toBeCloseTo(32, 9);
    expect(ratios.filter((ratio) => ratio > 1.001 && ratio < 31.9).length).toBeGreaterThan(1);
    expect(ratios.every((ratio, i) => i === 0 || ratio >= (ratios[i - 1] as number))).toBe(true);
  });
});
