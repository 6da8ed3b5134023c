/** What one model makes of the prompt: the prompt's end, the text as it comes, how fast it came and why it ended. */
import { Button, CopyButton } from "@mantine/core";
import { IconCopy, IconTextPlus } from "@tabler/icons-react";
import type { ErrorSentence } from "../../core/errors.ts";
import type { GenerationEnd } from "../../protocol/generation.ts";
import type { Generated } from "../../protocol/run.ts";
import { Sentence } from "../primitives/Sentence.tsx";
import { formatCompact, formatPlural } from "../primitives/format.ts";
import classes from "./generation.module.css";

export interface ShownText {
  readonly kind: "nothing" | "writing" | "written" | "failed";
  readonly prompt: string;
  readonly text: string;
  readonly result: Generated | null;
  readonly error: ErrorSentence | null;
}

interface WrittenTextProps {
  readonly side: "tuned" | "base";
  readonly shown: ShownText;
  /** `Add to the draft` */
  readonly insertLabel: string;
  readonly onInsert: () => void;
}

export const sideNames = { tuned: "Fine-tuned", base: "Before" } as const;

const endings: Readonly<Record<GenerationEnd, string>> = { length: "as long as asked for", "stop-text": "ended at the stop text", "end-of-text": "ended by itself", cancelled: "stopped by you" };
/** More of the prompt would push what is new out of sight. */
const promptTail = 160;

/** `64 tokens, 31 a second, ended by itself` */
export function describeResult({ tokens, tokensPerSecond, reason }: Generated): string {
  return `${formatPlural(tokens, "token")}, ${formatCompact(tokensPerSecond < 10 ? Number(tokensPerSecond.toFixed(1)) : Math.round(tokensPerSecond))} a second, ${endings[reason]}`;
}

/** The end of the prompt, from the beginning of a word. */
export function tailOf(prompt: string): string {
  return prompt.length <= promptTail ? prompt : `…${prompt.slice(-promptTail).replace(/^\S*/, "")}`;
}

export function WrittenText({ side, shown, insertLabel, onInsert }: WrittenTextProps) {
  const { kind, prompt, text, result, error } = shown;
  const name = sideNames[side];
  return (
    <section className={classes.output} data-side={side} aria-label={name}>
      <h3 className={classes.outputName}>{name}</h3>
      <div className={classes.text} dir="auto" tabIndex={0} role="region" aria-label={`Text, ${name.toLowerCase()}`} aria-busy={kind === "writing"}>
        <span className={classes.prompt}>{kind === "nothing" ? "What it writes will stand here." : tailOf(prompt)}</span>
        <span data-written>{text}</span>
        {kind === "writing" && <span className={classes.caret} aria-hidden />}
      </div>
      {error && <Sentence sentence={error} />}
      <div className={classes.outputFoot}>
        <span>{kind === "writing" ? "Writing" : result && describeResult(result)}</span>
        {text !== "" && kind !== "writing" && (
          <span className={classes.actions}>
            <Button size="xs" variant="default" leftSection={<IconTextPlus size={14} stroke={1.75} aria-hidden />} onClick={onInsert} aria-label={`${insertLabel}, ${name.toLowerCase()}`}>
              {insertLabel}
            </Button>
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <Button size="xs" variant="subtle" leftSection={<IconCopy size={14} stroke={1.75} aria-hidden />} onClick={copy} aria-label={`Copy, ${name.toLowerCase()}`}>
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </span>
        )}
      </div>
    </section>
  );
}
