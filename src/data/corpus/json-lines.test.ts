import { describe, expect, test } from "vitest";
import { openFiles } from "../open.ts";
import type { CorpusDocument } from "./documents.ts";
import type { TextCorpus } from "./text-corpus.ts";

const open = async (content: string, path = "data.jsonl"): Promise<TextCorpus> => {
  const opened = await openFiles([{ path, blob: new Blob([content]) }]);
  if (opened.kind !== "texts") throw new Error(`Not texts, but ${opened.kind}.`);
  return opened.dataset;
};
const documents = (corpus: TextCorpus): readonly CorpusDocument[] =>
  [...corpus.documents("train"), ...corpus.documents("validation")].sort((a, b) => a.index - b.index).map(({ document }) => document);
const lines = (...values: readonly unknown[]): string => values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join("\n");
const broken = (corpus: TextCorpus): readonly string[] => corpus.summary().issues.filter(({ kind }) => kind === "broken-line").map(({ message }) => message);
const pair = (i: number): object => ({ prompt: `Question ${i}?`, completion: ` Answer ${i}.` });
const chat = (i: number): object => ({ messages: [{ role: "system", content: "Be brief." }, { role: "user", content: `Hello ${i}` }, { role: "assistant", content: `Bye ${i}` }] });

describe("JSON lines", () => {
  test("of chats", async () => {
    const corpus = await open(lines(...Array.from({ length: 10 }, (_, i) => chat(i))));
    expect(corpus.format).toBe("chat");
    expect(documents(corpus)[3]).toEqual({ kind: "chat", turns: [{ role: "system", content: "Be brief." }, { role: "user", content: "Hello 3" }, { role: "assistant", content: "Bye 3" }] });
    const { items } = await corpus.listItems({ offset: 3, limit: 1 });
    expect(items[0]).toMatchObject({ name: "line 4", text: "System: Be brief.\nUser: Hello 3\nAssistant: Bye 3" });
  });

  test("of chats whose content is in parts, and whose instructions are the developer's", async () => {
    const corpus = await open(lines({ messages: [{ role: "developer", content: "x" }, { role: "user", content: [{ type: "text", text: "Hel" }, { type: "text", text: "lo" }] }, { role: "assistant", content: "Bye" }] }, chat(1)));
    expect(documents(corpus)[0]).toEqual({ kind: "chat", turns: [{ role: "system", content: "x" }, { role: "user", content: "Hello" }, { role: "assistant", content: "Bye" }] });
  });

  test("of pairs, with a prompt or without, spaces kept", async () => {
    const corpus = await open(lines(pair(0), { completion: "Alone\n" }, pair(2)));
    expect(corpus.format).toBe("pairs");
    expect(documents(corpus)).toEqual([{ kind: "pair", prompt: "Question 0?", completion: " Answer 0." }, { kind: "pair", prompt: "", completion: "Alone\n" }, { kind: "pair", prompt: "Question 2?", completion: " Answer 2." }]);
  });

  test("of texts, in any file, with a byte order mark, Windows line breaks and blank lines", async () => {
    const corpus = await open(`\uFEFF${lines({ text: "One\r\nline" }, "", { text: "Zwei \u2028 🙂" }, "").replaceAll("\n", "\r\n")}`, "data.txt");
    expect(documents(corpus)).toEqual([{ kind: "text", text: "One\r\nline", source: 0 }, { kind: "text", text: "Zwei \u2028 🙂", source: 1 }]);
    expect((await corpus.listItems({ offset: 1, limit: 1 })).items[0]?.name).toBe("line 3");
    expect(broken(corpus)).toEqual([]);
  });

  test("a line of 50,000 characters is one document", async () => {
    const text = "All work and no play. ".repeat(2273);
    expect(text.length).toBeGreaterThan(50_000);
    const corpus = await open(lines({ text }, { text: "short" }));
    expect(documents(corpus)[0]).toEqual({ kind: "text", text, source: 0 });
  });

  test("what is broken is left out and named by its line, three of them in words", async () => {
    const corpus = await open(lines(pair(0), "{", "", { prompt: "?", completion: "  " }, pair(4), { text: "prose" }, [1], { completion: 7 }, pair(8)));
    expect(documents(corpus)).toHaveLength(3);
    expect(broken(corpus)).toEqual([
      'data.jsonl: 5 lines were left out. line 2: it is not readable JSON; line 4: its completion is empty; line 6: it is a text, and the lines before are not; and 2 more. Expected {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}, {"prompt": "…", "completion": "…"} or {"text": "…"}.',
    ]);
    expect(corpus.summary().issues[0]?.count).toBe(5);
  });

  test.each<[string, unknown, RegExp]>([
    ["no role", { messages: [{ content: "x" }] }, /the role of message 1 is missing instead of system, user or assistant/],
    ["a strange role", { messages: [{ role: "user", content: "x" }, { role: "tool\u0007", content: "x" }] }, /the role of message 2 is "tool�" instead/],
    ["a role of every object", { messages: [{ role: "constructor", content: "x" }] }, /the role of message 1 is "constructor" instead/],
    ["no content", { messages: [{ role: "user" }] }, /the content of message 1 is no text/],
    ["a picture in it", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }, /the content of message 1 is no text/],
    ["no assistant", { messages: [{ role: "user", content: "x" }, { role: "assistant", content: " " }] }, /the assistant says nothing in it/],
    ["no messages", { messages: [] }, /its messages are no list/],
    ["messages that are none", { messages: [null] }, /the role of message 1 is missing/],
    ["other fields", { instruction: "x" }, /it has neither messages, nor a completion, nor a text/],
    ["a number for a text", { text: 3 }, /its text is no text/],
    ["an empty text", { text: "\n" }, /its text is empty/],
    ["a null", "null", /it is no JSON object/],
    ["a key of every object", '{"__proto__": {"text": "x"}}', /it has neither/],
    ["depths", `{"text": ${"[".repeat(5000)}${"]".repeat(5000)}}`, /nested more than 200 levels deep/],
  ])("says what is wrong with %s", async (_, value, message) => {
    expect(broken(await open(lines(chat(0), chat(1), value)))[0]).toMatch(message);
    await expect(open(lines("", value))).rejects.toThrow(message);
    await expect(open(lines("", value))).rejects.toThrow(/^data\.jsonl line 2: .* Expected on each line \{"messages"/);
  });

  test("a key __proto__ reaches no prototype", async () => {
    const corpus = await open(lines('{"__proto__": {"polluted": 1}, "text": "a"}', '{"text": "b", "constructor": {"prototype": {"polluted": 1}}}'));
    expect(documents(corpus)).toEqual([{ kind: "text", text: "a", source: 0 }, { kind: "text", text: "b", source: 1 }]);
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
  });

  test("none at all, or one list of them, is a sentence", async () => {
    await expect(open("\n\n")).rejects.toThrow(/^data\.jsonl: the file is empty\. Expected on each line/);
    await expect(open(JSON.stringify([pair(0), pair(1)]), "pairs.json")).rejects.toThrow(/^pairs\.json line 1: it is no JSON object\. Expected on each line/);
    await expect(open(JSON.stringify([pair(0), pair(1)], null, 2), "pairs.json")).rejects.toThrow(/^pairs\.json line 1: it is not readable JSON\./);
  });
});
