/**
 * Conversations as texts: in the form that the model's own chat template gives them, else in a plain one that a person can type,
 * `User: …`, `Assistant: …`, each on a line. The model learns the assistant's words and where its turn ends, and nothing else.
 *
 * A template only says what a whole conversation looks like. Where in it the turns are is found by rendering it with marks in place of
 * their words, once for each order of roles; the words are then filled in, trimmed where the template trims them.
 */
import { GraftError } from "../../core/errors.ts";
import type { ChatTurn } from "../../data/corpus/documents.ts";
import type { ModelInput } from "../../models/types.ts";
import { jinjaTemplate, type JinjaTemplate } from "./jinja.ts";

/** A part of a text. `ends`: the token that ends a text follows it, and is learned. */
export interface Segment {
  readonly text: string;
  readonly isLearned: boolean;
  readonly ends?: boolean;
}

export interface ChatTemplate {
  /** The model's own, or plain lines. */
  readonly id: "own" | "plain";
  /** @throws GraftError if the template has no place for turns in this order. */
  segments(turns: readonly ChatTurn[]): readonly Segment[];
  /** The conversation up to where the assistant's next words go. @throws GraftError as `segments`. */
  opening(turns: readonly ChatTurn[]): string;
  /** What ends the assistant's turn, beside the token that ends a text. */
  readonly turnEnds: readonly string[];
}

const plainNames = { system: "System", user: "User", assistant: "Assistant" } as const;

const plain: ChatTemplate = {
  id: "plain",
  segments: (turns) =>
    turns.flatMap(({ role, content }, i): Segment[] => {
      const name = `${i === 0 ? "" : "\n"}${plainNames[role]}:`;
      if (role !== "assistant") return [{ text: `${name} ${content}`, isLearned: false }];
      return [{ text: name, isLearned: false }, { text: ` ${content}`, isLearned: true, ends: true }];
    }),
  opening: (turns) => `${plain.segments(turns).map(({ text }) => text).join("")}\n${plainNames.assistant}:`,
  turnEnds: [`\n${plainNames.user}:`],
};

type TextInput = Pick<Extract<ModelInput, { readonly kind: "text" }>, "tokenizer" | "tokenizerFiles">;

/** The model's own template where it has one that renders a question and an answer; else the plain one. */
export function chatTemplateOf({ tokenizer, tokenizerFiles }: TextInput): ChatTemplate {
  const config = tokenizerFiles["tokenizer_config.json"];
  const source = templateSource(config);
  if (source === "") return plain;
  const special = { bos: tokenText(config, "bos_token"), eos: tokenText(config, "eos_token") };
  // What stands ahead of every text is there already, or is the end of another one.
  const isOpened = tokenizer.encode("")[0] !== undefined || special.bos === special.eos;
  const without = (text: string): string => (isOpened && special.bos !== "" && text.startsWith(special.bos) ? text.slice(special.bos.length) : text);
  try {
    const own = new OwnTemplate(jinjaTemplate(source, special), without);
    return own.isUsable ? own : plain;
  } catch {
    return plain;
  }
}

/** One template, or several by their names. */
function templateSource(config: unknown): string {
  const template = fieldOf(config, "chat_template");
  const several: readonly unknown[] = Array.isArray(template) ? template : [];
  const source = several.length === 0 ? template : fieldOf(several.find((each) => fieldOf(each, "name") === "default") ?? several[0], "template");
  return typeof source === "string" ? source : "";
}

/** A token by itself, or as an object with its content. */
function tokenText(config: unknown, name: string): string {
  const token = fieldOf(config, name);
  const text = typeof token === "string" ? token : fieldOf(token, "content");
  return typeof text === "string" ? text : "";
}

function fieldOf(value: unknown, name: string): unknown {
  return value !== null && typeof value === "object" && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A part of a conversation without its words: what the template says, or where the words of a turn go. */
type Piece = { readonly isLearned: boolean } & ({ readonly kind: "said"; readonly text: string } | { readonly kind: "turn"; readonly turn: number; readonly trimsStart: boolean; readonly trimsEnd: boolean });

interface Skeleton {
  readonly arrange: Arrangement;
  readonly pieces: readonly Piece[];
}

type Arrangement = (turns: readonly ChatTurn[]) => readonly ChatTurn[];

/** White space that no template says, on both sides, so that one sees whether it trims. */
const space = "\u2003";
const marked = (turn: number): string => `${space}\uE000${turn}\uE001${space}`;
const marks = new RegExp(`(${space}?)\uE000(\\d+)\uE001(${space}?)`, "gu");

const between = "\n\n";

/** Many templates know no system: its words then open the first turn of the user. */
const systemInUser: Arrangement = (turns) => {
  const system = turns.filter(({ role }) => role === "system").map(({ content }) => content);
  const first = turns.findIndex(({ role }) => role === "user");
  if (first === -1) return turns;
  return turns.flatMap((turn, i) => (turn.role === "system" ? [] : i === first ? [{ ...turn, content: [...system, turn.content].join(between) }] : [turn]));
};

/** Many want user and assistant in turn. */
const inTurn: Arrangement = (turns) =>
  systemInUser(turns).reduce<ChatTurn[]>((done, turn) => {
    const before = done.at(-1);
    return before?.role === turn.role ? [...done.slice(0, -1), { ...turn, content: before.content + between + turn.content }] : [...done, turn];
  }, []);

const arrangements: readonly Arrangement[] = [(turns) => turns, systemInUser, inTurn];

class OwnTemplate implements ChatTemplate {
  readonly id = "own";
  readonly turnEnds: readonly string[];
  /** Whether it has a place for what the assistant says. */
  readonly isUsable: boolean;
  private readonly template: JinjaTemplate;
  private readonly without: (text: string) => string;
  /** By the order of roles, and whether an answer is next. */
  private readonly skeletons = new Map<string, Skeleton>();

  /** @param without drops what stands ahead of every text anyway. */
  constructor(template: JinjaTemplate, without: (text: string) => string) {
    this.template = template;
    this.without = without;
    const answered = this.skeleton([{ role: "user", content: "" }, { role: "assistant", content: "" }], false).pieces;
    const place = answered.findIndex(({ kind, isLearned }) => kind === "turn" && isLearned);
    this.isUsable = place >= 0;
    const end = answered.slice(place + 1).flatMap((piece) => (piece.kind === "said" && piece.isLearned ? [piece.text.trim()] : [])).join("");
    this.turnEnds = end === "" ? [] : [end];
  }

  segments(turns: readonly ChatTurn[]): readonly Segment[] {
    const { arrange, pieces } = this.skeleton(turns, false);
    const arranged = arrange(turns);
    const segments: Segment[] = [];
    for (const piece of pieces) {
      const text = piece.kind === "said" ? piece.text : trimmed(arranged[piece.turn]?.content ?? "", piece);
      const last = segments.at(-1);
      if (last?.isLearned === piece.isLearned) segments[segments.length - 1] = { ...last, text: last.text + text };
      else if (text !== "") segments.push({ text, isLearned: piece.isLearned });
    }
    return segments;
  }

  opening(turns: readonly ChatTurn[]): string {
    const { arrange, pieces } = this.skeleton(turns, true);
    const arranged = arrange(turns);
    return pieces.map((piece) => (piece.kind === "said" ? piece.text : trimmed(arranged[piece.turn]?.content ?? "", piece))).join("");
  }

  private skeleton(turns: readonly ChatTurn[], isAnswerNext: boolean): Skeleton {
    const key = `${isAnswerNext ? "?" : ""}${turns.map(({ role }) => role).join(" ")}`;
    const known = this.skeletons.get(key);
    if (known) return known;
    let why: unknown;
    for (const arrange of arrangements) {
      try {
        const roles = arrange(turns).map(({ role }, turn) => ({ role, content: marked(turn) }));
        const skeleton = { arrange, pieces: this.piecesOf(roles, isAnswerNext) };
        this.skeletons.set(key, skeleton);
        return skeleton;
      } catch (error) {
        why ??= error;
      }
    }
    throw new GraftError({
      where: `a conversation in the order ${turns.map(({ role }) => role).join(", ")}`,
      what: `the model's chat template refuses it (${why instanceof Error ? why.message : String(why)})`,
      next: "Let conversations begin with the user and take turns, or choose a model without a chat template",
    });
  }

  private piecesOf(turns: readonly ChatTurn[], isAnswerNext: boolean): readonly Piece[] {
    const whole = this.without(this.template.render(turns, { isAnswerNext }));
    const found = [...whole.matchAll(marks)].map((match) => ({ turn: Number(match[2]), start: match.index, end: match.index + match[0].length, trimsStart: match[1] === "", trimsEnd: match[3] === "" }));
    const learned = found.filter(({ turn }) => turns[turn]?.role === "assistant").map((place) => this.learnedAround(whole, turns, place));
    const isLearned = (at: number): boolean => learned.some(({ from, to }) => at >= from && at < to);
    const pieces: Piece[] = [];
    const say = (from: number, to: number): void => {
      // What is learned begins or ends within what the template says.
      const cuts = [from, ...learned.flatMap((range) => [range.from, range.to]).filter((cut) => cut > from && cut < to), to];
      for (const [i, cut] of cuts.slice(0, -1).entries()) if (cut < (cuts[i + 1] as number)) pieces.push({ kind: "said", text: whole.slice(cut, cuts[i + 1]), isLearned: isLearned(cut) });
    };
    let at = 0;
    for (const { start, end, turn, trimsStart, trimsEnd } of found) {
      say(at, start);
      pieces.push({ kind: "turn", turn, trimsStart, trimsEnd, isLearned: isLearned(start) });
      at = end;
    }
    say(at, whole.length);
    return pieces;
  }

  /** From where the template would let the assistant begin, to where its turn ends, without the white space after that. */
  private learnedAround(whole: string, turns: readonly ChatTurn[], { turn, start, end }: { readonly turn: number; readonly start: number; readonly end: number }): { readonly from: number; readonly to: number } {
    const opened = this.rendered(turns.slice(0, turn), true);
    const from = opened !== null && opened.length <= start && whole.startsWith(opened) ? opened.length : start;
    const closed = this.rendered(turns.slice(0, turn + 1), false);
    const closing = closed === null ? "" : whole.slice(end, Math.max(end, commonLength(whole, closed)));
    return { from, to: end + (closing.trimEnd() || closing).length };
  }

  /** Null where the template refuses it. */
  private rendered(turns: readonly ChatTurn[], isAnswerNext: boolean): string | null {
    try {
      return this.without(this.template.render(turns, { isAnswerNext }));
    } catch {
      return null;
    }
  }
}

function trimmed(text: string, { trimsStart, trimsEnd }: { readonly trimsStart: boolean; readonly trimsEnd: boolean }): string {
  const start = trimsStart ? text.trimStart() : text;
  return trimsEnd ? start.trimEnd() : start;
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
