/** Small checkpoints as a repository has them: the problems of checkpoint-problems.ts as files. */
import { upstreamTensorsOf } from "../../formats/safetensors/upstream.ts";
import { writeSafetensors } from "../../formats/safetensors/write.ts";
import type { ModelFile } from "../../formats/tfjs-files.ts";
import { checkpointCases, checkpointProblem, type CheckpointCase } from "./checkpoint-problems.ts";

export function caseOf(name: string): CheckpointCase {
  const found = checkpointCases.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`There is no case ${name}.`);
  return found;
}

export function fileOf(path: string, content: Uint8Array | string | object): ModelFile {
  if (content instanceof Uint8Array) return { path, blob: new Blob([content as Uint8Array<ArrayBuffer>]) };
  return { path, blob: new Blob([typeof content === "string" ? content : JSON.stringify(content)]) };
}

/** model.safetensors with the upstream names. */
export function weightBytes(golden: CheckpointCase): Uint8Array<ArrayBuffer> {
  const { graph, weights } = checkpointProblem(golden);
  return writeSafetensors(upstreamTensorsOf(graph, weights), { format: "pt" });
}

/** A vocabulary of 50 pieces for BERT and DistilBERT: marks, letters that begin a word and letters that go on, a few words. */
export const vocabularyText = `${["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ..."abcdefghijklmnopqrst", ..."abcdefghijklmnopqrst".split("").map((letter) => `##${letter}`), "good", "bad", "film", "a", "##ing"].filter((piece, i, all) => all.indexOf(piece) === i).join("\n")}\n`;

/** Everything that a text checkpoint needs, in a folder. */
export function textCheckpoint(name: "bert" | "distilbert"): readonly ModelFile[] {
  const golden = caseOf(name);
  return [fileOf("small/config.json", golden.config), fileOf("small/model.safetensors", weightBytes(golden)), fileOf("small/vocab.txt", vocabularyText), fileOf("small/tokenizer_config.json", { do_lower_case: true, model_max_length: 16 })];
}

/** A byte for each piece: a space, letters, a few marks; the last of 50 ends a text. */
const bytePieces = ["Ġ", ..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST.,", "<|endoftext|>"];

/** A GPT-2 that scores next tokens, 16 at once, with its byte-level tokenizer. */
export function writingCheckpoint(): readonly ModelFile[] {
  const golden = caseOf("gpt2, next tokens");
  return [fileOf("writer/config.json", golden.config), fileOf("writer/model.safetensors", weightBytes(golden)), fileOf("writer/vocab.json", Object.fromEntries(bytePieces.map((piece, id) => [piece, id]))), fileOf("writer/merges.txt", "#version: 0.2\n")];
}
