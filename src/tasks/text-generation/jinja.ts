/**
 * Published chat templates, which are written in Jinja, rendered by @huggingface/jinja with the names that transformers'
 * apply_chat_template gives them. Not among them: `strftime_now`, without which templates that tell the date take a fixed one, so
 * that the same recipe reads the same tokens tomorrow.
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import type { ChatTurn } from "../../data/corpus/documents.ts";

export interface JinjaTemplate {
  /** @throws Error where the template refuses the turns, in its author's words, or fails. */
  render(turns: readonly ChatTurn[], options: { readonly isAnswerNext: boolean }): string;
}

export interface SpecialTokens {
  readonly bos: string;
  readonly eos: string;
}

/** No template of a conversation counts further. */
const longestRange = 10_000;

/** @throws Error if it is no template. */
export function jinjaTemplate(source: string, { bos, eos }: SpecialTokens): JinjaTemplate {
  const program = parse(tokenize(source, { trim_blocks: true, lstrip_blocks: true }));
  return {
    render(turns, { isAnswerNext }) {
      const environment = new Environment();
      const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
      const given = { messages: turns.map(({ role, content }) => ({ role, content })), add_generation_prompt: isAnswerNext, bos_token: bos, eos_token: eos };
      for (const [name, value] of Object.entries({ ...constants, ...given, raise_exception: refuse, range })) environment.set(name, value);
      return String((new Interpreter(environment).run(program) as { readonly value: unknown }).value);
    },
  };
}

function refuse(why: unknown): never {
  throw new Error(String(why));
}

function range(first: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  const length = Math.ceil((to - from) / step);
  if (!(length < longestRange)) throw new Error(`range(${first}, ${end ?? ""}) counts further than ${longestRange}`);
  return Array.from({ length: Math.max(0, length) }, (_, i) => from + i * step);
}
