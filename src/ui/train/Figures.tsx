/** The run's figures, large and still: what moves at every step is shown smoothed. */
import type { ScoreInfo } from "../../protocol/run.ts";
import { formatCompact, formatCount, formatDuration, scoreFormat } from "../primitives/format.ts";
import { Stat } from "../primitives/Stat.tsx";
import { formatLoss, formatRate } from "./figures.ts";
import classes from "./train.module.css";

interface FiguresProps {
  readonly loss: number | null;
  readonly score: number | null;
  readonly scoreInfo: ScoreInfo;
  readonly validationLoss: number | null;
  readonly validationScore: number | null;
  /** The epoch of the two validation figures. */
  readonly validatedEpoch: number | null;
  readonly learningRate: number | null;
  readonly gradientNorm: number | null;
  readonly examplesPerSecond: number | null;
  /** What remains while the run goes on; afterwards what it took. */
  readonly time: { readonly label: "Time left" | "Time taken"; readonly seconds: number } | null;
}

const none = "–";

export function Figures({ loss, score, scoreInfo, validationLoss, validationScore, validatedEpoch, learningRate, gradientNorm, examplesPerSecond, time }: FiguresProps) {
  const show = (value: number | null, format: (value: number) => string): string => (value === null ? none : format(value));
  const formatScore = scoreFormat(scoreInfo);
  const after = validatedEpoch === null ? undefined : `after epoch ${formatCount(validatedEpoch)}`;
  return (
    <dl className={classes.figures}>
      <Stat label="Loss" value={show(loss, formatLoss)} />
      <Stat label="Validation loss" value={show(validationLoss, formatLoss)} note={after} />
      <Stat label={scoreInfo.name} value={show(score, formatScore)} />
      <Stat label={`Validation ${scoreInfo.name.toLowerCase()}`} value={show(validationScore, formatScore)} note={after} />
      <Stat label="Learning rate" value={show(learningRate, formatRate)} />
      <Stat label="Gradient norm" value={show(gradientNorm, formatLoss)} />
      <Stat label="Examples a second" value={show(examplesPerSecond, (rate) => formatCompact(rate < 10 ? Number(rate.toFixed(1)) : Math.round(rate)))} />
      <Stat label={time?.label ?? "Time left"} value={time === null ? none : formatDuration(time.seconds)} />
    </dl>
  );
}
