/** Documents as tokens, and which of them the model is to learn. */
import { isNextPiece, type CorpusDocument } from "../../data/corpus/documents.ts";
import type { ModelInput } from "../../models/types.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import { chatTemplateOf, type ChatTemplate, type Segment } from "./chat-template.ts";

type TextInput = Extract<ModelInput, { readonly kind: "text" }>;

/** A run of tokens. `learned` says of each whether it counts as a target; the first has nothing that it could follow from. */
export interface Sequence {
  readonly ids: readonly number[];
  readonly learned: readonly boolean[];
}

/** What stands between a prompt and a completion that are not apart by themselves; it is learned, so that nobody has to type it. */
const separator = "\n";

export class DocumentCodec {
  private readonly input: TextInput;
  private readonly learnsAll: boolean;
  /** The marks ahead of a text and after it, as its tokenizer puts them. */
  private readonly opening: readonly number[];
  private readonly closing: readonly number[];
  private readonly endOfText: number | undefined;
  private readonly template: ChatTemplate;

  constructor(input: TextInput, { loss }: Pick<Recipe["generation"], "loss">) {
    this.input = input;
    this.learnsAll = loss === "all";
    [this.endOfText] = input.endOfText ?? [];
    const marks = [...input.tokenizer.encode("")];
    const ends = input.endOfText?.includes(marks.at(-1) ?? -1) === true;
    this.opening = ends ? marks.slice(0, -1) : marks;
    this.closing = ends ? marks.slice(-1) : [];
    this.template = chatTemplateOf(input);
  }

  /** What stands before the first text of a window: the tokenizer's own mark, or the end of another text. */
  get start(): Sequence {
    const ids = this.opening.length > 0 ? this.opening : this.end.ids;
    return unlearned(ids);
  }

  /** What ends a text; nothing where the model has no such token. */
  get end(): Sequence {
    return this.endOfText === undefined ? { ids: [], learned: [] } : { ids: [this.endOfText], learned: [true] };
  }

  /**
   * A document between its start and its end. `follows`: behind the end of another, which then is its start unless the tokenizer has a
   * mark of its own. The end is learned where the last words are.
   */
  closed(document: Sequence, { follows }: { readonly follows: boolean }): Sequence {
    const start = follows && this.opening.length === 0 ? unlearned([]) : this.start;
    const end = document.learned.at(-1) === true ? this.end : unlearned(this.end.ids);
    return concatenated([start, document, end]);
  }

  /**
   * Without what stands between documents.
   * @throws GraftError for a conversation that the model's chat template refuses.
   */
  encode(document: CorpusDocument): Sequence {
    switch (document.kind) {
      case "text":
        return all(this.bare(document.text));
      case "pair": {
        const { prompt, completion } = document;
        const isApart = prompt === "" || /\s$/.test(prompt) || /^\s/.test(completion);
        return this.joined([{ text: prompt, isLearned: false }, { text: `${isApart ? "" : separator}${completion}`, isLearned: true }]);
      }
      case "chat":
        return this.ofChat(this.template.segments(document.turns));
    }
  }

  /** After an end, tokens start anew. The end of the last turn may be that of the document, which whoever joins documents adds. */
  private ofChat(segments: readonly Segment[]): Sequence {
    const parts: Sequence[] = [];
    let open: Segment[] = [];
    for (const segment of segments) {
      open.push(segment);
      if (!segment.ends) continue;
      parts.push(this.joined(open), this.end);
      open = [];
    }
    if (open.length > 0) parts.push(this.joined(open));
    const { ids, learned } = concatenated(parts);
    const isEnded = this.endOfText !== undefined && ids.at(-1) === this.endOfText;
    return isEnded ? { ids: ids.slice(0, -1), learned: learned.slice(0, -1) } : { ids, learned };
  }

  /**
   * Tokens of the whole text, as it is read when it is written on, not of its parts: a token that reaches from one part into the next
   * is of the second.
   */
  private joined(segments: readonly Segment[]): Sequence {
    const ids = this.bare(segments.map(({ text }) => text).join(""));
    const isLearned = new Array<boolean>(ids.length).fill(true);
    if (this.learnsAll) return { ids, learned: isLearned };
    let text = "";
    let from = 0;
    for (const segment of segments) {
      text += segment.text;
      const to = segment === segments.at(-1) ? ids.length : this.lengthWithin(text, ids);
      isLearned.fill(segment.isLearned, from, Math.max(from, to));
      from = Math.max(from, to);
    }
    return { ids, learned: isLearned };
  }

  /**
   * How many of `ids` lie within `text`, which they begin with: those that the text alone has too, and where it ends in other ones, those
   * that still say nothing but it. (A space at its end may be joined to spaces before it, or to the word after it.)
   */
  private lengthWithin(text: string, ids: readonly number[]): number {
    const { tokenizer } = this.input;
    const alone = this.bare(text);
    let length = commonLength(alone, ids);
    if (length === alone.length) return length;
    let read = tokenizer.decode(ids.slice(0, length));
    for (; length < ids.length; length++) {
      const next = tokenizer.decode(ids.slice(0, length + 1));
      if (next.length <= read.length || !text.startsWith(next)) break;
      read = next;
    }
    return length;
  }

  /** Without the marks around a text. */
  private bare(text: string): readonly number[] {
    const ids = this.input.tokenizer.encode(text);
    return [...ids.subarray(this.opening.length, ids.length - this.closing.length)];
  }
}

function unlearned(ids: readonly number[]): Sequence {
  return { ids, learned: ids.map(() => false) };
}

function all(ids: readonly number[]): Sequence {
  return { ids, learned: ids.map(() => true) };
}

export function concatenated(parts: readonly Sequence[]): Sequence {
  return { ids: parts.flatMap(({ ids }) => ids), learned: parts.flatMap(({ learned }) => learned) };
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((id, i) => id !== b[i]);
  return differs === -1 ? Math.min(a.length, b.length) : differs;
}

/** Documents that follow each other in their source, with nothing left out between them. */
export function runsOf(documents: readonly { readonly index: number; readonly document: CorpusDocument }[]): readonly (readonly number[])[] {
  const runs: number[][] = [];
  for (const [i, { index, document }] of documents.entries()) {
    const before = documents[i - 1];
    if (before && before.index === index - 1 && isNextPiece(before.document, document)) runs.at(-1)?.push(i);
    else runs.push([i]);
  }
  return runs;
}
