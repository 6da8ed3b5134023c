/**
 * JSON lines to a corpus. A line is a conversation, `{"messages": [{"role", "content"}, …]}`, a pair, `{"prompt", "completion"}`, or
 * a text, `{"text"}`; the first sound line says which. What does not fit is left out, and said by its line.
 */
import { GraftError, printable } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import type { DataIssue, SourceFile } from "../../protocol/data.ts";
import { Pace, type JobOptions } from "../pace.ts";
import { fileNameOf } from "../source-names.ts";
import { counted } from "../wording.ts";
import { itemOf, type ChatTurn, type CorpusDocument, type CorpusItem, type Role } from "./documents.ts";
import { readText } from "./open-texts.ts";
import { TextCorpus } from "./text-corpus.ts";

const forms = '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}, {"prompt": "…", "completion": "…"} or {"text": "…"}';
const kindNames = { text: "a text", pair: "a prompt with a completion", chat: "a conversation" } as const;
const roles: Readonly<Record<string, Role>> = { system: "system", developer: "system", user: "user", assistant: "assistant" };
/** Broken lines that a sentence describes. */
const problemsShown = 3;

interface Problem {
  readonly line: number;
  readonly what: string;
}

/** @throws GraftError if no line is sound. */
export async function openJsonLines(file: SourceFile, issues: readonly DataIssue[], options: JobOptions): Promise<TextCorpus> {
  const fileName = fileNameOf(file.path);
  const read = await readText(file, options);
  const pace = new Pace(options);
  const lines = read.text.replace(/^\uFEFF/, "").split("\n");
  const items: CorpusItem[] = [];
  const problems: Problem[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const document = documentOf(line, items.length);
    const first = items[0]?.document.kind;
    if (typeof document === "string") problems.push({ line: i + 1, what: document });
    else if (first !== undefined && first !== document.kind) problems.push({ line: i + 1, what: `it is ${kindNames[document.kind]}, and the lines before are not` });
    else items.push(itemOf(`line ${i + 1}`, document));
    if (pace.due) {
      pace.report("Reading lines", i, lines.length);
      await pace.breathe();
    }
  }
  pace.report("Reading lines", lines.length, lines.length);
  const [problem] = problems;
  if (items.length === 0) throw new GraftError({ where: problem ? `${fileName} line ${problem.line}` : fileName, what: problem?.what ?? "the file is empty", wanted: `on each line ${forms}` });
  return new TextCorpus(fileName, items, [...issues, ...read.issues, ...(problems.length > 0 ? [brokenLines(problems, fileName)] : [])]);
}

/** What a line holds, or what is wrong with it. */
function documentOf(line: string, source: number): CorpusDocument | string {
  let value: unknown;
  try {
    value = parseJson(line, "a line");
  } catch (error) {
    if (error instanceof GraftError) return error.sentence.what;
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is no JSON object";
  const { messages, prompt, completion, text } = value as Readonly<Record<string, unknown>>;
  if (messages !== undefined) return chatOf(messages);
  if (completion !== undefined) {
    if (typeof completion !== "string" || (prompt !== undefined && typeof prompt !== "string")) return "its prompt or completion is no text";
    return completion.trim() === "" ? "its completion is empty" : { kind: "pair", prompt: prompt ?? "", completion };
  }
  if (text === undefined) return "it has neither messages, nor a completion, nor a text";
  if (typeof text !== "string") return "its text is no text";
  return text.trim() === "" ? "its text is empty" : { kind: "text", text, source };
}

function chatOf(messages: unknown): CorpusDocument | string {
  if (!Array.isArray(messages) || messages.length === 0) return "its messages are no list";
  const turns: ChatTurn[] = [];
  for (const [i, message] of (messages as readonly unknown[]).entries()) {
    const { role, content } = (typeof message === "object" && message !== null ? message : {}) as Readonly<Record<string, unknown>>;
    const known = typeof role === "string" && Object.hasOwn(roles, role) ? roles[role] : undefined;
    if (known === undefined) return `the role of message ${i + 1} is ${typeof role === "string" ? `"${printable(role.slice(0, 40))}"` : "missing"} instead of system, user or assistant`;
    const words = wordsOf(content);
    if (words === null) return `the content of message ${i + 1} is no text`;
    turns.push({ role: known, content: words });
  }
  return turns.some(({ role, content }) => role === "assistant" && content.trim() !== "") ? { kind: "chat", turns } : "the assistant says nothing in it";
}

/** A text, or a list of parts that are texts. */
function wordsOf(content: unknown): string | null {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const parts = (content as readonly unknown[]).map((part) => (typeof part === "object" && part !== null ? (part as Readonly<Record<string, unknown>>).text : undefined));
  return parts.every((part) => typeof part === "string") ? parts.join("") : null;
}

function brokenLines(problems: readonly Problem[], fileName: string): DataIssue {
  const shown = problems.slice(0, problemsShown).map(({ line, what }) => `line ${line}: ${what}`);
  const rest = problems.length - shown.length;
  const message = `${fileName}: ${counted(problems.length, "line")} ${problems.length === 1 ? "was" : "were"} left out. ${[...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ")}. Expected ${forms}.`;
  return { severity: "warning", kind: "broken-line", message, count: problems.length, items: [] };
}
