/** Perplexity before and after, large, and in words that need no statistics. */
import { IconArrowRight } from "@tabler/icons-react";
import classes from "./generation.module.css";

interface PerplexityChangeProps {
  readonly before: number;
  readonly after: number;
}

/** Three digits, and no more than one after the point: `8.3`, `41.2`, `1,024`. */
export function formatPerplexity(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US");
}

export function describePerplexity({ before, after }: PerplexityChangeProps): string {
  const change = Math.round(Math.abs(1 - after / before) * 100);
  const verdict = change === 0 ? "no different from before" : after < before ? `${change}% lower than before` : `${change}% higher than before: it got worse at these texts`;
  return `At each word piece of the held-back texts, the model now hesitates as if between ${formatPerplexity(after)} equally likely ones, and before between ${formatPerplexity(before)}. That is ${verdict}.`;
}

export function PerplexityChange(change: PerplexityChangeProps) {
  return (
    <>
      <p className={classes.change} aria-label={`Perplexity ${formatPerplexity(change.before)} before, ${formatPerplexity(change.after)} after`} role="img">
        <span className={classes.changeBefore}>{formatPerplexity(change.before)}</span>
        <IconArrowRight className={classes.changeArrow} size={28} stroke={1.5} aria-hidden />
        <span>{formatPerplexity(change.after)}</span>
      </p>
      <p className={classes.changeWords}>{describePerplexity(change)}</p>
    </>
  );
}
