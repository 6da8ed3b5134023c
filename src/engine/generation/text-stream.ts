/**
 * Turns generated tokens into text as they come. What is handed on never has to be taken back: no half of a character (a byte-level
 * tokenizer may split one over tokens) and no beginning of a stop text.
 */

/** What stands for bytes that make no character, or none yet. */
const incomplete = "\uFFFD";

/** So many tokens before a new one are decoded with it: some tokenizers begin a text differently, as without its first space. */
const contextTokens = 6;

export class TextStream {
  private readonly decode: (ids: readonly number[]) => string;
  private readonly stops: readonly string[];
  private readonly ids: number[];
  /** Of `ids`: those before `read` are in the text, and those from `from` on are decoded with the ones that follow. */
  private from: number;
  private read: number;
  private whole = "";
  private handedOn = 0;
  private stopped = false;

  /** @param prompt ids that the text continues; they are no part of it. */
  constructor(decode: (ids: readonly number[]) => string, prompt: readonly number[], stops: readonly string[]) {
    this.decode = decode;
    this.stops = stops;
    this.ids = prompt.slice(-contextTokens);
    this.read = this.ids.length;
    this.from = 0;
  }

  /** All complete characters so far, up to the stop text. */
  get text(): string {
    return this.whole;
  }

  /** Whether a stop text has come. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** @returns what can be handed on now, often "". */
  push(id: number): string {
    this.ids.push(id);
    const before = this.decode(this.ids.slice(this.from, this.read));
    const after = this.decode(this.ids.slice(this.from));
    if (after.endsWith(incomplete)) return "";
    const searchedFrom = this.whole.length;
    this.whole += after.slice(before.length);
    this.from = Math.max(this.from, this.ids.length - contextTokens);
    this.read = this.ids.length;
    const stop = this.findStop(searchedFrom);
    if (stop === null) return this.handOn(this.whole.length - this.heldBack());
    this.stopped = true;
    this.whole = this.whole.slice(0, stop);
    return this.handOn(stop);
  }

  /** What was held back because a stop text might have begun in it. A character without its last bytes stays out. */
  end(): string {
    return this.handOn(this.whole.length);
  }

  private handOn(upTo: number): string {
    const part = this.whole.slice(this.handedOn, upTo);
    this.handedOn = Math.max(this.handedOn, upTo);
    return part;
  }

  /** Where the first stop text begins that the characters from `newFrom` on have completed. */
  private findStop(newFrom: number): number | null {
    const places = this.stops.map((stop) => this.whole.indexOf(stop, Math.max(0, newFrom - stop.length + 1))).filter((place) => place >= 0);
    return places.length === 0 ? null : Math.min(...places);
  }

  /** Characters at the end that a stop text may begin with. */
  private heldBack(): number {
    const lengths = this.stops.map((stop) => {
      for (let length = Math.min(stop.length - 1, this.whole.length); length > 0; length--) if (this.whole.endsWith(stop.slice(0, length))) return length;
      return 0;
    });
    return Math.max(0, ...lengths);
  }
}
