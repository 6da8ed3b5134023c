/**
 * What becomes of hostile inputs: each is read as the page would read it, and is loaded, or answered by one sentence in time. Anything
 * else is an error that nobody caught, and fails the suite. The outcomes are a table.
 */
import { CancelledError, GraftError } from "../../../core/errors.ts";

export interface HostileInput {
  readonly name: string;
  /** Reads it to the point where a person could go on with it. */
  readonly read: () => unknown;
}

export interface Outcome {
  readonly kind: string;
  readonly inputs: number;
  readonly sentences: number;
  readonly loaded: number;
  /** What went wrong, by the input's name. */
  readonly uncaught: readonly string[];
  readonly slowestMs: number;
}

/** Of one input, on a slow machine that does other things too. */
const longestMs = 10_000;
const longestSentence = 3000;
// eslint-disable-next-line no-control-regex -- they are what must not be there
const control = /[\u0000-\u001f\u007f-\u009f]/;

export async function survive(kind: string, inputs: readonly HostileInput[]): Promise<Outcome> {
  const names = new Set(inputs.map(({ name }) => name));
  if (names.size !== inputs.length) throw new Error(`${kind}: two inputs have one name.`);
  const uncaught: string[] = [];
  let [sentences, loaded, slowestMs] = [0, 0, 0];
  for (const { name, read } of inputs) {
    const start = performance.now();
    try {
      await read();
      loaded++;
    } catch (error) {
      const problem = problemWith(error);
      if (problem === null) sentences++;
      else uncaught.push(`${name}: ${problem}`);
    }
    const ms = performance.now() - start;
    if (ms > longestMs) uncaught.push(`${name}: it took ${Math.round(ms)} ms`);
    slowestMs = Math.max(slowestMs, ms);
    const pollution = Object.keys(Object.prototype);
    if (pollution.length > 0 || "polluted" in {}) uncaught.push(`${name}: every object now has ${pollution.join(", ")} polluted`);
  }
  return { kind, inputs: inputs.length, sentences, loaded, uncaught, slowestMs };
}

/** Null for a sentence that a person can read. */
function problemWith(error: unknown): string | null {
  if (error instanceof CancelledError) return null;
  if (!(error instanceof GraftError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error.message.length > longestSentence) return `a sentence of ${error.message.length} characters`;
  if (control.test(error.message)) return `a sentence with control characters: ${JSON.stringify(error.message)}`;
  return null;
}

export function outcomeTable(outcomes: readonly Outcome[]): string {
  const total: Outcome = {
    kind: "all",
    inputs: sum(outcomes, ({ inputs }) => inputs),
    sentences: sum(outcomes, ({ sentences }) => sentences),
    loaded: sum(outcomes, ({ loaded }) => loaded),
    uncaught: outcomes.flatMap(({ uncaught }) => uncaught),
    slowestMs: Math.max(...outcomes.map(({ slowestMs }) => slowestMs)),
  };
  const head = ["hostile inputs", "how many", "a sentence", "loaded", "uncaught", "slowest"];
  const rows = [...outcomes, total].map(({ kind, inputs, sentences, loaded, uncaught, slowestMs }) => [kind, inputs, sentences, loaded, uncaught.length, `${Math.round(slowestMs)} ms`].map(String));
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => (row[column] as string).length)));
  return [head, ...rows].map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join("  ")).join("\n");
}

function sum(outcomes: readonly Outcome[], count: (outcome: Outcome) => number): number {
  return outcomes.reduce((total, outcome) => total + count(outcome), 0);
}
