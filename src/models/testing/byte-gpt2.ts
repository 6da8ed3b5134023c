/** A GPT-2 whose tokens are bytes, untrained and so small that a test can train it: the files of a checkpoint, as a person drops them. */
import { Rng } from "../../core/rng.ts";
import { upstreamTensorsOf } from "../../formats/safetensors/upstream.ts";
import { writeSafetensors } from "../../formats/safetensors/write.ts";
import type { ModelFile } from "../../formats/tfjs-files.ts";
import { prune } from "../../graph/surgery/prune.ts";
import { initialWeights } from "../initial-weights.ts";
import { fileOf } from "./checkpoint-files.ts";
import { byteLetters } from "./byte-tokenizers.ts";
import { buildCheckpoint } from "./checkpoint-problems.ts";

/** In a folder: config.json, model.safetensors, vocab.json and merges.txt; the last of its 257 tokens ends a text. */
export function byteGpt2(): readonly ModelFile[] {
  const vocabulary = [...byteLetters(), "<|endoftext|>"];
  const config = {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: vocabulary.length,
    n_positions: 64,
    n_embd: 32,
    n_layer: 2,
    n_head: 2,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    eos_token_id: vocabulary.length - 1,
  };
  const built = buildCheckpoint(config).graph;
  const graph = prune(built, built.outputs);
  const weights = initialWeights(graph, new Rng(1), () => 0.08);
  return [
    fileOf("byte-gpt2/config.json", config),
    fileOf("byte-gpt2/model.safetensors", writeSafetensors(upstreamTensorsOf(graph, weights), { format: "pt" })),
    fileOf("byte-gpt2/vocab.json", Object.fromEntries(vocabulary.map((piece, id) => [piece, id]))),
    fileOf("byte-gpt2/merges.txt", "#version: 0.2\n"),
  ];
}
