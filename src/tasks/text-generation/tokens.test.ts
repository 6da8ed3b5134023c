import { describe, expect, test } from "vitest";
import { Rng } from "../../core/rng.ts";
import type { ChatTurn, CorpusDocument } from "../../data/corpus/documents.ts";
import { createHuggingFaceTokenizer } from "../../models/tokenizers/hugging-face.ts";
import { gpt2Tokenizer, llama2Tokenizer, llama3Json } from "../../models/testing/byte-tokenizers.ts";
import type { Tokenizer } from "../../models/types.ts";
import templates from "./goldens/chat-templates.json" with { type: "json" };
import { DocumentCodec, runsOf, type Sequence } from "./tokens.ts";

const idOf = (tokenizer: Tokenizer, mark: string): number => tokenizer.encode(mark).at(-1) as number;
const gpt2 = gpt2Tokenizer(["\u0120 t", "h e", "\u0120t he", "\u0120 \u0120", "a b", "b c", "o k"], ["<|im_start|>", "<|im_end|>"]);
const llama2 = llama2Tokenizer(["▁ t", "h e", "▁t he", "o k"]);
const llama3 = createHuggingFaceTokenizer(llama3Json(["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|end_of_text|>"]), {}, { paddingId: 256, rows: 261, where: "tokenizer.json" });

/** @param name of the model that published it. */
function templateConfig(name: string): object {
  const { template, bos, eos } = templates.cases.find((each) => each.name.startsWith(name)) as (typeof templates.cases)[number];
  return { chat_template: template, bos_token: bos, eos_token: eos };
}

const codec = (tokenizer: Tokenizer, { end, template, loss = "completion" }: { readonly end?: string; readonly template?: string; readonly loss?: "completion" | "all" } = {}): DocumentCodec =>
  new DocumentCodec({ kind: "text", name: "tokens", maxTokens: 64, tokenizer, tokenizerFiles: template === undefined ? {} : { "tokenizer_config.json": templateConfig(template) }, ...(end !== undefined && { endOfText: [idOf(tokenizer, end)] }) }, { loss });
const gpt2End = "<|endoftext|>";
const pair = (prompt: string, completion: string): CorpusDocument => ({ kind: "pair", prompt, completion });

/** The pieces, those that are learned in a run between ⟦ and ⟧. */
function shown(tokenizer: Tokenizer, { ids, learned }: Sequence): string {
  expect(learned).toHaveLength(ids.length);
  const known = new Map([gpt2End, "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<s>", "</s>"].flatMap((mark) => {
    const marked = tokenizer.encode(mark);
    return marked.length === tokenizer.encode("").length + 1 ? [[marked.at(-1) as number, mark]] : [];
  }));
  // Parts of a run are read together: a letter may be of several tokens, and Llama 2's reading drops a first space.
  const runs: { readonly key: string; readonly ids: number[] }[] = [];
  ids.forEach((id, i) => {
    const key = `${learned[i]} ${known.has(id) ? i : ""}`;
    if (runs.at(-1)?.key === key) runs.at(-1)?.ids.push(id);
    else runs.push({ key, ids: [id] });
  });
  const filler = tokenizer.encode("x").at(-1) as number;
  const read = (some: readonly number[]): string => known.get(some[0] as number) ?? tokenizer.decode([filler, ...some]).slice(1);
  return runs.map(({ key, ids: some }) => (key.startsWith("true") ? `⟦${read(some)}⟧` : read(some))).join("").replaceAll("⟧⟦", "");
}

describe.each([["GPT-2", gpt2, gpt2End], ["Llama 3", llama3, "<|end_of_text|>"]] as const)("a pair in tokens of %s's make", (_, tokenizer, end) => {
  test.each([
    ["a space ahead of the completion", "Say ok:", " the ok", "Say ok:⟦ the ok⟧"],
    ["a line break after the prompt", "Say ok:\n", "the ok", "Say ok:\n⟦the ok⟧"],
    ["nothing between: a line break, which is learned", "Say ok", "the ok", "Say ok⟦\nthe ok⟧"],
    ["no prompt", "", "the ok", "⟦the ok⟧"],
    ["letters of several tokens on both sides", "é🙂 ", "🙂שלום", "é🙂 ⟦🙂שלום⟧"],
  ])("learns the completion alone: %s", (__, prompt, completion, wanted) => {
    const sequence = codec(tokenizer, { end }).encode(pair(prompt, completion));
    expect(shown(tokenizer, sequence)).toBe(wanted);
    expect(sequence.ids).toEqual([...tokenizer.encode(prompt + (/\n/.test(wanted) && !/\s$/.test(prompt) ? "\n" : "") + completion)].slice(tokenizer.encode("").length));
  });

  test("learns everything if the loss is on everything", () => {
    const sequence = codec(tokenizer, { end, loss: "all" }).encode(pair("Say ok:", " the ok"));
    expect(sequence.learned.every(Boolean)).toBe(true);
    expect(sequence.ids).toEqual(codec(tokenizer, { end }).encode(pair("Say ok:", " the ok")).ids);
  });
});

describe("the border between what is read and what is learned", () => {
  const reads = (prompt: string, completion: string): string => shown(gpt2, codec(gpt2, { end: gpt2End }).encode(pair(prompt, completion)));

  test("a token across it is learned: it is the first that says something of the completion", () => {
    expect(gpt2.pieces("say the")).toEqual(["s", "a", "y", "\u0120the"]);
    expect(reads("say ", "the ok")).toBe("say⟦ the ok⟧");
  });

  test("spaces that are joined in the prompt alone stay the prompt's", () => {
    expect(gpt2.pieces("say  ")).toEqual(["s", "a", "y", "\u0120\u0120"]);
    expect(gpt2.pieces("say  the")).toEqual(["s", "a", "y", "\u0120", "\u0120the"]);
    expect(reads("say  ", "the ok")).toBe("say ⟦ the ok⟧");
  });

  test("no token that is of the prompt alone is learned, and none that says something of the completion is not", () => {
    const parts = ["a", "b", "c", " ", "  ", "the", "he", "\n", "ok", "t", "'s", "1", "?"];
    for (let i = 0; i < 300; i++) {
      const rng = new Rng(5).fork(i);
      const some = (): string => Array.from({ length: 1 + rng.int(6) }, () => parts[rng.int(parts.length)]).join("");
      const prompt = some();
      const { ids, learned } = codec(gpt2, { end: gpt2End }).encode(pair(prompt, `${some()}x`));
      const border = learned.indexOf(true);
      expect(learned.slice(border).every(Boolean)).toBe(true);
      expect(prompt.startsWith(gpt2.decode(ids.slice(0, border)))).toBe(true);
      expect(prompt.startsWith(gpt2.decode(ids.slice(0, border + 1)))).toBe(false);
    }
  });
});

describe("a text", () => {
  test("is learned whole, without the marks around it", () => {
    for (const [tokenizer, end] of [[gpt2, gpt2End], [llama3, "<|end_of_text|>"], [llama2, "</s>"]] as const) {
      const { ids, learned } = codec(tokenizer, { end }).encode({ kind: "text", text: "the ok 🙂", source: 0 });
      expect(tokenizer.decode(ids)).toBe("the ok 🙂");
      expect(learned.every(Boolean)).toBe(true);
    }
  });

  test("follows the tokenizer's own mark, or the end of another; its own end is learned", () => {
    const [endGpt2, endLlama] = [idOf(gpt2, gpt2End), idOf(llama2, "</s>")];
    expect(codec(gpt2, { end: gpt2End }).start).toEqual({ ids: [endGpt2], learned: [false] });
    expect(codec(gpt2, { end: gpt2End }).end).toEqual({ ids: [endGpt2], learned: [true] });
    expect(codec(llama2, { end: "</s>" }).start).toEqual({ ids: [1], learned: [false] });
    expect(codec(llama2, { end: "</s>" }).end).toEqual({ ids: [endLlama], learned: [true] });
    expect(codec(gpt2).start).toEqual({ ids: [], learned: [] });
    expect(codec(gpt2).end).toEqual({ ids: [], learned: [] });
    const words = { ids: [5, 6], learned: [false, true] };
    expect(codec(gpt2, { end: gpt2End }).closed(words, { follows: false })).toEqual({ ids: [endGpt2, 5, 6, endGpt2], learned: [false, false, true, true] });
    expect(codec(gpt2, { end: gpt2End }).closed({ ...words, learned: [true, false] }, { follows: true })).toEqual({ ids: [5, 6, endGpt2], learned: [true, false, false] });
    expect(codec(llama2, { end: "</s>" }).closed(words, { follows: true }).ids).toEqual([1, 5, 6, endLlama]);
  });
});

describe("a conversation", () => {
  const turns: readonly ChatTurn[] = [{ role: "system", content: "Be ok." }, { role: "user", content: "Hello the" }, { role: "assistant", content: "Hi 🙂" }, { role: "user", content: "Bye" }, { role: "assistant", content: "ok" }];
  const chat: CorpusDocument = { kind: "chat", turns };

  test("in plain lines: the assistant's words and where they end are learned; the document's end is left to who joins documents", () => {
    expect(shown(gpt2, codec(gpt2, { end: gpt2End }).encode(chat))).toBe(`System: Be ok.\nUser: Hello the\nAssistant:⟦ Hi 🙂${gpt2End}⟧\nUser: Bye\nAssistant:⟦ ok⟧`);
    const asked = { kind: "chat", turns: turns.slice(1, 4) } as const;
    expect(shown(gpt2, codec(gpt2, { end: gpt2End }).encode(asked))).toBe(`User: Hello the\nAssistant:⟦ Hi 🙂${gpt2End}⟧\nUser: Bye`);
  });

  test("in ChatML", () => {
    expect(shown(gpt2, codec(gpt2, { end: gpt2End, template: "Qwen2" }).encode(chat))).toBe(
      "<|im_start|>system\nBe ok.<|im_end|>\n<|im_start|>user\nHello the<|im_end|>\n<|im_start|>assistant\n⟦Hi 🙂<|im_end|>⟧\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n⟦ok<|im_end|>⟧\n",
    );
  });

  test.each([["<|end_of_text|>", "⟦Hi 🙂<|eot_id|>⟧"], ["<|eot_id|>", "⟦Hi 🙂⟧"]])("in Llama 3's form, without the end that the document gets, where %s is that", (end, answer) => {
    expect(shown(llama3, codec(llama3, { end, template: "Meta-Llama-3" }).encode({ kind: "chat", turns: turns.slice(1, 3) }))).toBe(
      `<|start_header_id|>user<|end_header_id|>\n\nHello the<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n${answer}`,
    );
  });

  test("in Llama 2's form each pair of turns begins and ends as a text does", () => {
    const { ids, learned } = codec(llama2, { end: "</s>", template: "Llama-2" }).encode(chat);
    // transformers puts together what the template says and reads it, marks and all; here the marks around it are the caller's.
    const apart = (text: string): number[] => [...llama2.encode(text)].slice(1);
    const first = apart("[INST] <<SYS>>\nBe ok.\n<</SYS>>\n\nHello the [/INST] Hi 🙂 ");
    const second = apart("[INST] Bye [/INST] ok ");
    expect(ids).toEqual([...first, 2, 1, ...second]);
    const asked = [apart("[INST] <<SYS>>\nBe ok.\n<</SYS>>\n\nHello the [/INST]").length, apart("[INST] Bye [/INST]").length] as const;
    expect(learned).toEqual([...first.map((_, i) => i >= asked[0]), true, false, ...second.map((_, i) => i >= asked[1])]);
  });

  test("in Mistral's form, which knows no system", () => {
    const { ids, learned } = codec(llama2, { end: "</s>", template: "Mistral" }).encode(chat);
    const apart = (text: string): number[] => [...llama2.encode(text)].slice(1);
    const parts = [apart("[INST] Be ok.\n\nHello the [/INST]"), apart("[INST] Be ok.\n\nHello the [/INST]Hi 🙂"), apart(" [INST] Bye [/INST]"), apart(" [INST] Bye [/INST]ok"), apart(" ")] as const;
    expect(ids).toEqual([...parts[1], 2, ...parts[3], 2, ...parts[4]]);
    const learnedIn = (whole: readonly number[], asked: readonly number[]): boolean[] => whole.map((_, i) => i >= asked.length);
    expect(learned).toEqual([...learnedIn(parts[1], parts[0]), true, ...learnedIn(parts[3], parts[2]), true, ...parts[4].map(() => false)]);
  });

  test("is learned whole if the loss is on everything", () => {
    for (const template of [undefined, "Qwen2", "Mistral"]) expect(codec(gpt2, { end: gpt2End, loss: "all", ...(template && { template }) }).encode(chat).learned.every(Boolean)).toBe(true);
  });
});

test("runs are neighbours of one source with nothing left out between them", () => {
  const text = (index: number, source: number): { readonly index: number; readonly document: CorpusDocument } => ({ index, document: { kind: "text", text: "x", source } });
  expect(runsOf([text(0, 0), text(1, 0), text(3, 0), text(4, 1), text(5, 1), { index: 6, document: pair("a", "b") }, { index: 7, document: pair("a", "b") }])).toEqual([[0, 1], [2], [3, 4], [5], [6]]);
  expect(runsOf([])).toEqual([]);
});
