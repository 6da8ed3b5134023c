/** How often values of each size are there: a row of bars, and the same in words for who does not see them. */
import type { HistogramBin } from "../../protocol/data.ts";
import { formatCount, formatNumber } from "../primitives/format.ts";
import classes from "./Histogram.module.css";

interface HistogramProps {
  readonly bins: readonly HistogramBin[];
  /** One sentence: what the bars show. */
  readonly summary: string;
  /** `Score` */
  readonly what: string;
  /** Values beyond this are set apart. */
  readonly limit?: number;
}

export function Histogram({ bins, summary, what, limit = Infinity }: HistogramProps) {
  const largest = Math.max(1, ...bins.map(({ count }) => count));
  const [first, last] = [bins[0], bins.at(-1)];
  return (
    <figure className={classes.figure}>
      <div className={classes.bars} aria-hidden>
        {bins.map(({ from, to, count }) => (
          <span key={from} title={`${formatNumber(from)} to ${formatNumber(to)}: ${formatCount(count)}`} data-beyond={from >= limit || undefined} style={{ height: count === 0 ? 0 : `max(2px, ${(100 * count) / largest}%)` }} />
        ))}
      </div>
      <div className={classes.axis} aria-hidden>
        <span>{first && formatNumber(first.from)}</span>
        <span>{what}</span>
        <span>{last && formatNumber(last.to)}</span>
      </div>
      <figcaption className={classes.summary}>{summary}</figcaption>
    </figure>
  );
}
