/** A job on its way: what it does, how far it is, and a way out. */
import { Button } from "@mantine/core";
import { formatCount } from "./format.ts";
import classes from "./primitives.module.css";

interface ProgressLineProps {
  readonly what: string;
  readonly done?: number;
  /** 0 or absent while the end is not known. */
  readonly total?: number;
  /** How `done` and `total` read. */
  readonly format?: (value: number) => string;
  readonly onCancel?: () => void;
}

export function ProgressLine({ what, done = 0, total = 0, format = formatCount, onCancel }: ProgressLineProps) {
  const share = total > 0 ? Math.min(1, done / total) : null;
  return (
    <div className={classes.progress}>
      <div aria-live="polite">
        {what} {total > 0 && <span className={classes.progressCount}>{`${format(done)} of ${format(total)}`}</span>}
      </div>
      {onCancel && (
        <Button variant="default" size="xs" onClick={onCancel}>
          Cancel
        </Button>
      )}
      <div
        className={classes.progressTrack}
        role="progressbar"
        aria-label={what}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      >
        <div className={`${classes.progressBar} ${share === null ? classes.indeterminate : ""}`} style={share === null ? undefined : { width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
