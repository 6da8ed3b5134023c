/**
 * Pairs of texts as Hugging Face's own library encodes them (tools/reference/token_pairs.py), whole and cut to every length: the ids of
 * BERT's and RoBERTa's makes, and which token is of which text, as a BERT's graph finds it from the ids.
 */
import { describe, expect, it } from "vitest";
import { useBackend } from "../../engine/backend.ts";
import { execute } from "../../engine/execute.ts";
import { tf } from "../../engine/tf.ts";
import { prune } from "../../graph/surgery/prune.ts";
import { separateTexts } from "../../graph/surgery/separate-texts.ts";
import { buildCheckpoint } from "../testing/checkpoint-problems.ts";
import goldens from "./goldens/pairs.json" with { type: "json" };
import { createHuggingFaceTokenizer } from "./hugging-face.ts";

const tokenizers = goldens.cases.map(({ name, tokenizer, paddingId, rows, pairs }) => ({ name, pairs, tokenizer: createHuggingFaceTokenizer(tokenizer, {}, { paddingId, rows, where: "tokenizer.json" }) }));

describe("pairs as tokenizers encodes them", () => {
  it("has both makes, and many lengths", () => {
    expect(tokenizers.map(({ name, pairs }) => [name, pairs.length, pairs.flatMap(({ encodings }) => encodings).length])).toEqual([["bert", 9, 109], ["roberta", 9, 222]]);
  });

  it.each(tokenizers.map((entry) => [entry.name, entry] as const))("%s: the same ids, whole and cut", (_, { pairs, tokenizer }) => {
    for (const { first, second, encodings } of pairs) {
      for (const { maxTokens, ids } of encodings) expect([...tokenizer.encodePair(first, second, maxTokens ?? undefined)], `${first} | ${second} | ${maxTokens}`).toEqual(ids);
    }
  });

  it("a BERT's segments are the library's token types; RoBERTa's has none to tell apart", async () => {
    const [bert, roberta] = tokenizers;
    expect(roberta?.tokenizer.separatorId).toBeUndefined();
    expect(roberta?.pairs.flatMap(({ encodings }) => encodings).flatMap(({ segments }) => segments).some((segment) => segment !== 0)).toBe(false);
    await useBackend("cpu", { wasmPath: "" });
    const { graph, input } = buildCheckpoint({ model_type: "bert", architectures: ["BertModel"], vocab_size: 32, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 1, intermediate_size: 4, type_vocab_size: 2, max_position_embeddings: 64 });
    const separated = separateTexts(graph, input.name, bert?.tokenizer.separatorId as number);
    const segments = prune(separated, ["segments/ids"]);
    for (const { encodings } of bert?.pairs ?? []) {
      for (const { ids, segments: want } of encodings) {
        const found = tf.tidy(() => execute(segments, new Map([[input.name, tf.tensor([ids], [1, ids.length], "int32")]])).get("segments/ids")?.dataSync());
        expect([...(found ?? [])]).toEqual(want);
      }
    }
  });
});
