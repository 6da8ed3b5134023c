/** What went wrong or needs knowing, as a sentence: what, where, what was expected, what to do next, and a way to do it. */
import { IconAlertTriangle, IconCircleCheck, IconExclamationCircle, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ErrorSentence } from "../../core/errors.ts";
import classes from "./primitives.module.css";

type Tone = "error" | "warning" | "note" | "success";

interface SentenceProps {
  readonly tone?: Tone;
  /** A GraftError's parts, set with their weight; or give children. */
  readonly sentence?: ErrorSentence;
  readonly children?: ReactNode;
  /** Buttons that settle it. */
  readonly actions?: ReactNode;
}

const icons = { error: IconExclamationCircle, warning: IconAlertTriangle, note: IconInfoCircle, success: IconCircleCheck };

const begun = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const closed = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export function Sentence({ tone = "error", sentence, children, actions }: SentenceProps) {
  const Icon = icons[tone];
  return (
    <div className={`${classes.sentence} ${classes[tone]}`} role={tone === "error" ? "alert" : undefined}>
      <Icon size={18} stroke={1.75} aria-hidden />
      <div className={classes.sentenceBody}>
        {sentence && (
          <>
            {sentence.where !== undefined && <span className={classes.sentenceWhere}>{sentence.where}: </span>}
            {closed(sentence.where === undefined ? begun(sentence.what) : sentence.what)}
            {sentence.wanted !== undefined && ` Expected ${closed(sentence.wanted)}`}
            {sentence.next !== undefined && <span className={classes.sentenceNext}> {closed(sentence.next)}</span>}
          </>
        )}
        {children}
        {actions !== undefined && <div className={classes.sentenceActions}>{actions}</div>}
      </div>
    </div>
  );
}
