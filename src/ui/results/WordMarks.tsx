/** The words that decided an answer, marked in the text: for and against a class, a label or a number, by the tuned model and by the one before. */
import { Button, NativeSelect, VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState, type CSSProperties } from "react";
import type { TextExplanation, WordScore } from "../../core/text-explanation.ts";
import type { Answer, ExplainRequest, Explanation, PredictionInput } from "../../protocol/run.ts";
import { Hint } from "../primitives/FieldRow.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { formatNumber } from "../primitives/format.ts";
import classes from "./WordMarks.module.css";
import { createAsker, type Asked, type Asker } from "./asker.ts";

/** Of the strongest word's score: what counts less is left unmarked. */
const faintest = 0.05;
const strongestWords = 5;

export interface Segment {
  readonly text: string;
  /** Null between words, and where the model did not look. */
  readonly score: number | null;
}

/** The whole text in pieces that add up to it. @param words in the text's order, none over another */
export function segmentsOf(text: string, words: readonly WordScore[]): Segment[] {
  const segments: Segment[] = [];
  let done = 0;
  for (const { start, end, score } of words) {
    if (start > done) segments.push({ text: text.slice(done, start), score: null });
    segments.push({ text: text.slice(start, end), score });
    done = end;
  }
  return done < text.length ? [...segments, { text: text.slice(done), score: null }] : segments;
}

const namesOf = (answer: Answer): readonly string[] => (answer.kind === "number" ? [answer.name] : (answer.kind === "classes" ? answer.classes : answer.labels).map(({ name }) => name));

interface WordMarksProps {
  readonly input: Extract<PredictionInput, { kind: "text" }>;
  readonly answer: Answer;
  readonly onExplain: (request: ExplainRequest) => Promise<Explanation>;
}

/** Of one question: another one is to mount another. */
export function WordMarks({ input, answer, onExplain }: WordMarksProps) {
  const names = namesOf(answer);
  const [name, setName] = useState(names[0] ?? "");
  const [asked, setAsked] = useState<Asked<Explanation>>({ kind: "nothing" });
  const asker = useRef<Asker<Explanation>>(null);
  useEffect(() => () => asker.current?.forget(), []);
  const ask = (wanted: string): void => {
    // Each has its own asker: it need not wait for the one before, which the worker ends.
    asker.current?.forget();
    asker.current = createAsker(setAsked);
    setName(wanted);
    asker.current.ask(() => onExplain({ input, name: wanted }));
  };

  if (asked.kind === "nothing") {
    return (
      <Button className={classes.ask} variant="default" size="xs" onClick={() => ask(name)}>
        Show what decided
      </Button>
    );
  }
  return (
    <section className={classes.marks} aria-label="What decided">
      {names.length > 1 && <NativeSelect label="What speaks for" size="xs" value={name} onChange={({ currentTarget }) => ask(currentTarget.value)} data={[...names]} />}
      {asked.kind === "asking" && <p role="status">Weighing each word, which takes a few seconds</p>}
      {asked.kind === "failed" && <Sentence sentence={asked.error} />}
      {asked.kind === "answered" && <Explained text={input.text} name={name} isNumber={answer.kind === "number"} explanation={asked.answer} />}
    </section>
  );
}

interface Speaks {
  readonly up: string;
  readonly down: string;
  /** Behind the score; a number's own has no name. */
  readonly unit: string;
}

interface ExplainedProps {
  readonly text: string;
  readonly name: string;
  readonly isNumber: boolean;
  readonly explanation: Explanation;
}

function Explained({ text, name, isNumber, explanation: { tuned, base } }: ExplainedProps) {
  // One scale for both, or a model that knows nothing would look as sure as one that does.
  const most = [tuned, base].flatMap((one) => one?.words ?? []).reduce((largest, { score }) => Math.max(largest, Math.abs(score)), 0);
  const speaks: Speaks = isNumber ? { up: "raises", down: "lowers", unit: "" } : { up: "for", down: "against", unit: " log-odds" };
  const shared = { text, speaks, most };
  return (
    <>
      <p className={classes.legend}>
        <mark data-speaks="for">
          {speaks.up} “{name}”
        </mark>{" "}
        <mark data-speaks="against">{speaks.down} it</mark>
      </p>
      <Hint>The stronger the colour and the thicker the line, the more a word counts. Point at one for its number.</Hint>
      <div className={classes.pair}>
        <MarkedText {...shared} title="Fine-tuned" words={tuned.words} />
        {base && <MarkedText {...shared} title="Before" words={base.words} />}
      </div>
    </>
  );
}

interface MarkedTextProps {
  readonly text: string;
  readonly title: string;
  readonly words: TextExplanation["words"];
  readonly speaks: Speaks;
  readonly most: number;
}

function MarkedText({ text, title, words, speaks, most }: MarkedTextProps) {
  const read = text.slice(0, words.at(-1)?.end ?? 0);
  const isCut = text.slice(read.length).trim().length > 40;
  const saysOf = (score: number): string => `${score < 0 ? speaks.down : speaks.up} it by ${formatNumber(Math.abs(score))}${speaks.unit}`;
  const strongest = words.filter(({ score }) => score !== 0).sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, strongestWords);
  return (
    <div role="group" aria-label={`${title}: what decided`}>
      <h4>{title}</h4>
      <p className={classes.text} dir="auto">
        {segmentsOf(isCut ? read : text, words).map(({ text: piece, score }, i) => {
          if (score === null) return piece;
          const share = most === 0 ? 0 : Math.abs(score) / most;
          return (
            <mark key={i} title={saysOf(score)} data-speaks={share < faintest ? undefined : score < 0 ? "against" : "for"} style={{ "--share": share } as CSSProperties}>
              {piece}
            </mark>
          );
        })}
      </p>
      {isCut && <Hint>The model does not read what follows.</Hint>}
      <VisuallyHidden>
        <ul aria-label={`${title}: the strongest words`}>
          {strongest.map(({ start, end, score }) => (
            <li key={start}>{`${text.slice(start, end)}, ${saysOf(score)}`}</li>
          ))}
        </ul>
      </VisuallyHidden>
    </div>
  );
}
