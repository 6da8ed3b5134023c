/** How far the run is: epoch, step, and a bar in which every epoch is a cell. */
import type { CSSProperties } from "react";
import { formatCount } from "../primitives/format.ts";
import classes from "./train.module.css";

interface RunProgressProps {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  /** What is going on, where that is not plain training. */
  readonly note?: string;
}

/** More cells than this would be a pattern, not a scale. */
const mostCells = 60;

export function RunProgress({ epoch, epochs, step, steps, note }: RunProgressProps) {
  const share = steps > 0 ? Math.min(1, step / steps) : 0;
  return (
    <div className={classes.progress}>
      <p className={classes.where}>
        <strong>
          Epoch {formatCount(epoch)} of {formatCount(epochs)}
        </strong>
        <span>
          Step {formatCount(step)} of {formatCount(steps)}
        </span>
        {note !== undefined && <span role="status">{note}</span>}
      </p>
      <div
        className={classes.track}
        role="progressbar"
        aria-label="Run"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={`Epoch ${epoch} of ${epochs}, step ${step} of ${steps}`}
        style={{ "--cells": epochs <= mostCells ? epochs : 1 } as CSSProperties}
      >
        <div className={classes.bar} style={{ transform: `scaleX(${share})` }} />
      </div>
    </div>
  );
}
