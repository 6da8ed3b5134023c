import { describe, expect, test } from "vitest";
import type { GenerationColumns, TablePreview } from "../../protocol/data.ts";
import { openFiles, type Table } from "../open.ts";
import { corpusFromTable } from "./from-table.ts";
import type { CorpusDocument } from "./documents.ts";
import type { TextCorpus } from "./text-corpus.ts";

const open = async (content: string): Promise<{ readonly table: Table; readonly preview: TablePreview }> => {
  const opened = await openFiles([{ path: "pairs.csv", blob: new Blob([content]) }]);
  if (opened.kind !== "table") throw new Error(`Not a table, but ${opened.kind}.`);
  return opened;
};
const corpus = async (content: string, mapping: GenerationColumns): Promise<TextCorpus> => corpusFromTable((await open(content)).table, mapping);
const documents = (data: TextCorpus): readonly CorpusDocument[] => [...data.documents("train"), ...data.documents("validation")].sort((a, b) => a.index - b.index).map(({ document }) => document);
const pairs = 'prompt,completion\n"Hi, you",Hello\n,"Alone\n🙂"\nshalom,שלום\nempty,\nblank,"  "\n';

describe("a table's rows to learn from", () => {
  test("are pairs, where a prompt may be empty and a completion may not", async () => {
    const data = await corpus(pairs, { prompt: "prompt", completion: "completion" });
    expect(documents(data)).toEqual([{ kind: "pair", prompt: "Hi, you", completion: "Hello" }, { kind: "pair", prompt: "", completion: "Alone\n🙂" }, { kind: "pair", prompt: "shalom", completion: "שלום" }]);
    expect(data.summary()).toMatchObject({ task: "text-generation", itemCount: 3, trainable: true, columns: { prompt: "prompt", completion: "completion" }, corpus: { format: "pairs", documents: 3 } });
    expect(data.summary().issues[0]).toEqual({ severity: "warning", kind: "empty-cell", message: 'pairs.csv: 2 rows have an empty "completion" and were left out: row 5 and row 6.', count: 2, items: [] });
    expect((await data.listItems({ offset: 0, limit: 1 })).items[0]?.text).toBe("Hi, you\n→ Hello");
  });

  test("are texts without a prompt column, each for itself", async () => {
    const data = await corpus(pairs, { completion: "prompt" });
    expect(documents(data)).toEqual(["Hi, you", "shalom", "empty", "blank"].map((text, source) => ({ kind: "text", text, source })));
    expect(data.format).toBe("text");
    expect(data.summary().issues[0]?.message).toBe('pairs.csv: 1 row has an empty "prompt" and was left out: row 3.');
  });

  test.each<[GenerationColumns, RegExp]>([
    [{ prompt: "prompt", completion: "prompt" }, /^pairs\.csv: "prompt" is both the prompt and the completion\. Expected two different columns, or no prompt\.$/],
    [{ prompt: "prompt", completion: "reply" }, /^pairs\.csv: there is no column "reply"\. Expected one of "prompt" and "completion"\.$/],
    [{ prompt: "__proto__", completion: "completion" }, /^pairs\.csv: there is no column "__proto__"/],
  ])("%j is refused with a sentence", async (mapping, message) => {
    await expect(corpus(pairs, mapping)).rejects.toThrow(message);
  });

  test("need one completion", async () => {
    await expect(corpus("prompt,completion\na,\nb, \n", { prompt: "prompt", completion: "completion" })).rejects.toThrow('pairs.csv: no row has a "completion". Choose another column.');
  });
});

describe("what a table is proposed for", () => {
  const rows = (...cells: readonly string[]): string => Array.from({ length: 12 }, (_, i) => cells.map((cell) => `${cell} ${i}`).join(",")).join("\n");

  test.each<[string, GenerationColumns, TablePreview["likelyTask"]]>([
    [`prompt,completion\n${rows("a", "b")}`, { prompt: "prompt", completion: "completion" }, "text-generation"],
    [`id,Question,Answer\n${rows("1", "why", "so")}`, { prompt: "Question", completion: "Answer" }, "text-generation"],
    [`instruction,input,output\n${rows("do", "this", "done")}`, { prompt: "instruction", completion: "output" }, "text-generation"],
    [`title,story\n${rows("t", "a long story that goes on")}`, { completion: "story" }, "text-generation"],
    [`text,label\n${Array.from({ length: 12 }, (_, i) => `text ${i},${i % 2 ? "spam" : "ham"}`).join("\n")}`, { completion: "text" }, "text-classification"],
    [`text,rating\n${Array.from({ length: 60 }, (_, i) => `text ${i},${i / 8}`).join("\n")}`, { completion: "text" }, "text-classification"],
    [`text,price\n${Array.from({ length: 60 }, (_, i) => `text ${i},${10 * (i % 30)}`).join("\n")}`, { completion: "text" }, "text-classification"],
    [`text,topics\n${Array.from({ length: 12 }, (_, i) => `text ${i},${["a;b", "b;c", "a;c", "a;b;c"][i % 4]}`).join("\n")}`, { completion: "text" }, "text-classification"],
    [`text,red,round\n${Array.from({ length: 12 }, (_, i) => `text ${i},${i % 2},${i % 3 ? 1 : 0}`).join("\n")}`, { completion: "text" }, "text-classification"],
    [`id,story\n${Array.from({ length: 60 }, (_, i) => `${i + 1},a story that is long ${i}`).join("\n")}`, { completion: "story" }, "text-generation"],
    [`prompt\tcompletion\n${rows("a", "b").replaceAll(",", "\t")}`, { prompt: "prompt", completion: "completion" }, "text-generation"],
  ])("%j", async (content, columns, task) => {
    const { preview } = await open(content);
    expect({ columns: preview.proposedGeneration, task: preview.likelyTask }).toEqual({ columns, task });
  });

  test("one column of quoted texts is a corpus at once", async () => {
    const opened = await openFiles([{ path: "quotes.csv", blob: new Blob(['text\n"One."\n"Two\nlines."\n']) }]);
    if (opened.kind !== "texts") throw new Error(opened.kind);
    expect(documents(opened.dataset).map((document) => document.kind === "text" && document.text)).toEqual(["One.", "Two\nlines."]);
  });
});
