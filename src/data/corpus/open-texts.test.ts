import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { SourceFile } from "../../protocol/data.ts";
import { openFiles } from "../open.ts";
import type { TextCorpus } from "./text-corpus.ts";

const file = (path: string, content: BlobPart): SourceFile => ({ path, blob: new Blob([content]) });
const corpusOf = async (...files: readonly SourceFile[]): Promise<TextCorpus> => {
  const opened = await openFiles(files);
  if (opened.kind !== "texts") throw new Error(`Not texts, but ${opened.kind}.`);
  return opened.dataset;
};
const kindOf = async (path: string, content: string): Promise<string> => (await openFiles([file(path, content)])).kind;
const messages = (corpus: TextCorpus): readonly string[] => corpus.summary().issues.map(({ message }) => message);
/** What is trained on and validated with, joined in order: the text, since nothing is left out. */
const textOf = (corpus: TextCorpus): string =>
  [...corpus.documents("train"), ...corpus.documents("validation"), ...corpus.documents("test")]
    .sort((a, b) => a.index - b.index)
    .map(({ document }) => (document.kind === "text" ? document.text : ""))
    .join("");

const prose = Array.from({ length: 120 }, (_, i) => `Chapter ${i}, in which, as before, nobody speaks${", and then some".repeat(i % 4)}; but somebody listens.\nIt rains.`).join("\n\n");
const utf16 = (text: string, mark: boolean): Uint8Array<ArrayBuffer> => new Uint8Array(Uint16Array.from(`${mark ? "\uFEFF" : ""}${text}`, (letter) => letter.charCodeAt(0)).buffer);

describe("a text file", () => {
  test.each([
    ["novel.txt", prose],
    ["novel.md", prose],
    ["novel", prose],
    ["novel.txt", `\uFEFF${prose}`],
    ["novel.txt", prose.replaceAll("\n", "\r\n")],
  ])("%s opens in pieces that are the text", async (path, content) => {
    const corpus = await corpusOf(file(path, content));
    expect(textOf(corpus)).toBe(prose);
    const { itemCount, corpus: figures, issues, counts, trainable, splitSource } = corpus.summary();
    expect(itemCount).toBeGreaterThan(30);
    expect(figures).toMatchObject({ format: "text", documents: itemCount });
    expect(figures?.characters).toBeGreaterThan(prose.length * 0.95);
    expect({ issues, trainable, splitSource }).toEqual({ issues: [], trainable: true, splitSource: "seeded" });
    expect(counts.validation / itemCount).toBeCloseTo(0.2, 1);
    const { items } = await corpus.listItems({ offset: 0, limit: 2 });
    expect(items.map(({ name }) => name)).toEqual([`${path}, part 1`, `${path}, part 2`]);
    expect(items[0]?.text).toMatch(/^Chapter 0, in which/);
  });

  test("in UTF-16, marked or not, and in Latin-1, which is said", async () => {
    expect(textOf(await corpusOf(file("a.txt", utf16(prose, true))))).toBe(prose);
    expect(textOf(await corpusOf(file("a.txt", utf16(prose, false))))).toBe(prose);
    const latin = await corpusOf(file("a.txt", Uint8Array.from(`${prose} Caf\u00e9`, (letter) => letter.charCodeAt(0))));
    expect(textOf(latin)).toBe(`${prose} Café`);
    expect(messages(latin)).toEqual(["a.txt is not UTF-8 and was read as Windows-1252 (Latin-1). If letters look wrong, save it as UTF-8."]);
  });

  test("that is short is said to be, and one piece alone cannot be trained on", async () => {
    const short = await corpusOf(file("a.txt", prose.slice(0, 2000)));
    expect(short.summary().trainable).toBe(true);
    expect(messages(short)).toEqual([expect.stringMatching(/^There is little to learn from: 1,9\d\d characters\./)]);
    const word = await corpusOf(file("a.txt", "word"));
    expect(word.summary().trainable).toBe(false);
    expect(messages(word)).toEqual(["No piece is left to measure progress with: the validation split is empty. Add text, include more of it, or change the split."]);
  });

  test.each<[string, BlobPart, RegExp]>([
    ["empty", "", /^a\.txt: the file is empty\. Expected plain text to learn from\.$/],
    ["blank", " \n\n\t", /^a\.txt: the file is empty\./],
    ["of bytes", Uint8Array.of(1, 0, 0, 0, 200, 3, 0, 0, 9), /^a\.txt: the file is not text\. Expected .*plain text/],
    ["compressed, as it happens without a zero", Uint8Array.from({ length: 4000 }, (_, i) => 1 + ((i * 151) % 255)), /^a\.txt: the file is not text/],
    ["a picture", `GIF89a${"\u0001\u0000".repeat(40)}`, /a\.txt/],
  ])("that is %s is refused with a sentence", async (_, content, message) => {
    await expect(corpusOf(file("a.txt", content))).rejects.toThrow(message);
  });
});

describe("a .txt that is a table", () => {
  const rows = (separator: string, count = 40): string => Array.from({ length: count }, (_, i) => `${i % 3 ? "ham" : "spam"}${separator}message ${i} to you`).join("\n");

  test.each([
    ["tabs", rows("\t")],
    ["tabs with a broken row", `${rows("\t")}\nham\tone\ttoo many\n`],
    ["commas", rows(",")],
    ["commas, named, with a broken row", `label,text\n${rows(",")}\nham,one,too many\n`],
    ["semicolons", rows(";")],
    ["commas with spaces, named", `label, text\n${rows(", ")}`],
  ])("stays one: %s", async (_, content) => expect(await kindOf("a.txt", content)).toBe("table"));

  test.each([
    ["commas in some lines", prose],
    ["one comma in each of two lines", "Once upon a time, there was a king.\nHe had a daughter, and she was wise.\n"],
    ["one comma in each line of a poem", "The rose is red, the violet blue,\nthe honey sweet, and so are you,\n".repeat(9)],
    ["one semicolon in each line", "To err is human; to forgive, divine.\nHope springs; it always does.\n"],
    ["dialogue with quotes", '"Well," she said, "it is late."\n"So," he said, "it is."\n'],
    ["no separators", "One line.\nAnother line.\n"],
    ["a single line, with commas, as long as it is", "word, word, word. ".repeat(5000)],
  ])("and prose stays prose: %s", async (_, content) => expect(await kindOf("a.txt", content)).toBe("texts"));

  test("but what is called .md is no table", async () => expect(await kindOf("a.md", rows("\t"))).toBe("texts"));
});

describe("several text files", () => {
  const text = (name: string): string => Array.from({ length: 30 }, (_, i) => `${name} ${i}: ${"words in a row ".repeat(20)}`).join("\n\n");
  const files = [file("book/10.txt", text("ten")), file("book/2.md", text("two")), file("book/empty.txt", " \n"), file("book/binary.txt", Uint8Array.of(1, 0, 0, 0, 200, 3, 0, 0, 9)), file("book/cover.pdf", "%PDF-1.7")];

  test("are read in natural order, each for itself, and what is none is named", async () => {
    const corpus = await corpusOf(...files);
    expect(textOf(corpus)).toBe(text("two") + text("ten"));
    expect(corpus.summary()).toMatchObject({ name: "book", trainable: true });
    expect(messages(corpus)).toEqual(["1 file is no text and was ignored: book/cover.pdf.", "1 file is empty and was left out: book/empty.txt.", "1 file is no text and was left out: book/binary.txt."]);
    const documents = corpus.documents("train").map(({ document }) => (document.kind === "text" ? document.source : -1));
    expect(new Set(documents).size).toBe(2);
    expect(documents).toEqual([...documents].sort((a, b) => a - b));
  });

  test("the same in a zip", async () => {
    const entries = await Promise.all(files.map(async ({ path, blob }) => [path, new Uint8Array(await blob.arrayBuffer())] as const));
    const zipped = await corpusOf(file("book.zip", zipSync({ ...Object.fromEntries(entries), "__MACOSX/._2.md": strToU8("fork") })));
    expect(zipped.documents("train")).toEqual((await corpusOf(...files)).documents("train"));
    expect(messages(zipped)).toEqual(messages(await corpusOf(...files)));
  });

  test("loose ones are called texts, and if none has any, a sentence says so", async () => {
    expect((await corpusOf(file("a.txt", text("a")), file("b.txt", text("b")))).summary().name).toBe("texts");
    await expect(corpusOf(file("a.txt", ""), file("b.txt", " "))).rejects.toThrow("texts: none of the 2 files has readable text. Expected plain text to learn from.");
  });
});
