/**
 * Conversations as texts. Where a model's own template is of a known form, as tokenizer_config.json has it, that form is used: ChatML,
 * Llama 3's or Llama 2's; else a plain one that a person can type: `User: …`, `Assistant: …`, each on a line. The model learns the
 * assistant's words and where they end, and nothing else.
 */
import type { ChatTurn } from "../../data/corpus/documents.ts";
import type { Tokenizer, TokenizerFiles } from "../../models/types.ts";

/** A part of a text. `begins`: the tokenizer's mark that opens a text stands before it; `ends`: the token that ends one follows it, and is learned. */
export interface Segment {
  readonly text: string;
  readonly isLearned: boolean;
  readonly begins?: boolean;
  readonly ends?: boolean;
}

export interface ChatTemplate {
  readonly id: "plain" | "chatml" | "llama-3" | "llama-2";
  readonly segments: (turns: readonly ChatTurn[]) => readonly Segment[];
  /** What the assistant's next words follow. */
  readonly opening: string;
}

const said = (text: string): Segment => ({ text, isLearned: false });
const learned = (text: string): Segment => ({ text, isLearned: true });

const plain: ChatTemplate = {
  id: "plain",
  segments: (turns) =>
    turns.flatMap(({ role, content }, i): Segment[] => {
      const before = i === 0 ? "" : "\n";
      if (role === "assistant") return [said(`${before}Assistant:`), { ...learned(` ${content}`), ends: true }];
      return [said(`${before}${role === "user" ? "User" : "System"}: ${content}`)];
    }),
  opening: "\nAssistant:",
};

/** Each turn between two marks, the second of which the assistant learns. */
function marked(id: ChatTemplate["id"], opening: (role: string) => string, closing: string, between: string): ChatTemplate {
  return {
    id,
    segments: (turns) => turns.flatMap(({ role, content }) => [said(opening(role)), role === "assistant" ? learned(content + closing) : said(content + closing), ...(between === "" ? [] : [said(between)])]),
    opening: opening("assistant"),
  };
}

const chatml = marked("chatml", (role) => `<|im_start|>${role}\n`, "<|im_end|>", "\n");
const llama3Marks = marked("llama-3", (role) => `<|start_header_id|>${role}<|end_header_id|>\n\n`, "<|eot_id|>", "");
/** Its turns have no white space around them. */
const llama3: ChatTemplate = { ...llama3Marks, segments: (turns) => llama3Marks.segments(turns.map(({ role, content }) => ({ role, content: content.trim() }))) };

/** The system's words stand in the first turn of the user; each turn of the user but the first begins a text anew, and the first does since a document does. */
const llama2: ChatTemplate = {
  id: "llama-2",
  segments: (turns) => {
    const system = turns.filter(({ role }) => role === "system").map(({ content }) => content).join("\n");
    let first = true;
    return turns.flatMap(({ role, content }): Segment[] => {
      if (role === "system") return [];
      if (role === "assistant") return [{ ...learned(` ${content.trim()} `), ends: true }];
      const words = first && system !== "" ? `<<SYS>>\n${system}\n<</SYS>>\n\n${content}` : content;
      const turn = said(`[INST] ${words.trim()} [/INST]`);
      const begins = !first;
      first = false;
      return [begins ? { ...turn, begins } : turn];
    });
  },
  opening: "",
};

/** Known forms, by the mark that tells them and that the tokenizer has to know as one token. */
const known: readonly (readonly [mark: string, isToken: boolean, template: ChatTemplate])[] = [
  ["<|im_start|>", true, chatml],
  ["<|start_header_id|>", true, llama3],
  ["[INST]", false, llama2],
];

export function chatTemplateOf(files: TokenizerFiles, tokenizer: Pick<Tokenizer, "encode">): ChatTemplate {
  const text = templateText(files["tokenizer_config.json"]);
  const marks = tokenizer.encode("").length;
  return known.find(([mark, isToken]) => text.includes(mark) && (!isToken || tokenizer.encode(mark).length === marks + 1))?.[2] ?? plain;
}

/** One template, or several by their names. */
function templateText(config: unknown): string {
  const template = (config as { readonly chat_template?: unknown } | undefined)?.chat_template;
  return typeof template === "string" ? template : JSON.stringify(template ?? "");
}

/** A conversation up to what the assistant says first, and the mark behind which it would say it. */
export function renderChat({ segments, opening }: ChatTemplate, turns: readonly ChatTurn[]): string {
  const first = turns.findIndex(({ role }) => role === "assistant");
  return `${segments(first === -1 ? turns : turns.slice(0, first)).map(({ text }) => text).join("")}${opening}`;
}
