/** Plain text files to a corpus: each file is a text, in pieces. */
import { GraftError } from "../../core/errors.ts";
import type { DataIssue, SourceFile } from "../../protocol/data.ts";
import { normaliseLineBreaks } from "../csv.ts";
import { decodeText } from "../encoding.ts";
import { Pace, type JobOptions } from "../pace.ts";
import { fileNameOf } from "../source-names.ts";
import { counted, listed } from "../wording.ts";
import { itemOf, type CorpusItem } from "./documents.ts";
import { piecesOf } from "./pieces.ts";
import { TextCorpus } from "./text-corpus.ts";

/** Of plain text, beside which a folder's other files are ignored. */
export const textExtensions: ReadonlySet<string> = new Set(["txt", "text", "md", "markdown"]);

/** A file's text without its byte order mark, its lines ended by \n. @throws GraftError if it is none. */
export async function readText({ path, blob }: SourceFile, options: JobOptions): Promise<{ readonly text: string; readonly issues: readonly DataIssue[] }> {
  const { text, encoding } = await decodeText(blob, path, options);
  const message = `${path} is not UTF-8 and was read as Windows-1252 (Latin-1). If letters look wrong, save it as UTF-8.`;
  return { text: await normaliseLineBreaks(text, new Pace(options)), issues: encoding === "Windows-1252" ? [{ severity: "note", kind: "encoding", message, count: 1, items: [] }] : [] };
}

/** @throws GraftError if none of the files has text. */
export async function openTexts(files: readonly SourceFile[], name: string, issues: readonly DataIssue[], options: JobOptions): Promise<TextCorpus> {
  const pace = new Pace(options);
  const items: CorpusItem[] = [];
  const found: DataIssue[] = [...issues];
  const [empty, broken]: [string[], string[]] = [[], []];
  for (const [source, file] of files.entries()) {
    pace.report("Reading texts", source, files.length);
    await pace.breathe();
    const label = files.length === 1 ? fileNameOf(file.path) : file.path;
    try {
      const read = await readText(file, options);
      found.push(...read.issues);
      if (read.text.trim() === "") empty.push(label);
      else {
        const pieces = piecesOf(read.text);
        for (const [i, text] of pieces.entries()) items.push(itemOf(pieces.length === 1 ? label : `${label}, part ${i + 1}`, { kind: "text", text, source }));
      }
    } catch (error) {
      if (!(error instanceof GraftError) || files.length === 1) throw error;
      broken.push(label);
    }
  }
  pace.report("Reading texts", files.length, files.length);
  if (items.length === 0) throw new GraftError({ where: name, what: files.length === 1 ? "the file is empty" : `none of the ${counted(files.length, "file")} has readable text`, wanted: "plain text to learn from" });
  if (empty.length > 0) found.push({ severity: "note", kind: "ignored-file", message: `${counted(empty.length, "file")} ${empty.length === 1 ? "is" : "are"} empty and ${empty.length === 1 ? "was" : "were"} left out: ${listed(empty)}.`, count: empty.length, items: [] });
  if (broken.length > 0) found.push({ severity: "warning", kind: "corrupt-file", message: `${counted(broken.length, "file")} ${broken.length === 1 ? "is" : "are"} no text and ${broken.length === 1 ? "was" : "were"} left out: ${listed(broken)}.`, count: broken.length, items: [] });
  return new TextCorpus(name, items, found);
}
