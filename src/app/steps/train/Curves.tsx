/** The four curves of the run, by step or by epoch. */
import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";
import type { EpochPoint, RunInfo } from "../../../protocol/run.ts";
import { bestEpoch, recordOf, type Run, type RunRecord } from "../../../store/run-state.ts";
import { emptyTrace, extendTrace, rawPoints, smoothPoints } from "../../../store/trace.ts";
import { ChartPanel } from "../../../ui/charts/ChartPanel.tsx";
import type { Axis, ChartPoint } from "../../../ui/charts/rows.ts";
import { describeCurve, describeRange } from "../../../ui/charts/summary.ts";
import { scoreFormat } from "../../../ui/primitives/format.ts";
import { formatLoss, formatRate } from "../../../ui/train/figures.ts";
import classes from "./TrainStep.module.css";
import { useSampledRun } from "./useSampledRun.ts";

const accuracy = { name: "Accuracy", better: "higher", isShare: true } as const;

/** The figure beside the loss; before a run has said which, most tasks' one. */
function scoreOf(info: RunInfo | null) {
  const { name, isShare } = info?.score ?? accuracy;
  return { title: name, name: name.toLowerCase(), isShare, format: scoreFormat({ isShare }) };
}

/** How often each chart is drawn. All different, so that they rarely fall into one frame. */
const paceMs = { loss: 230, score: 290, learningRate: 410, gradientNorm: 370 };

const axes = [
  { value: "step", label: "By step" },
  { value: "epoch", label: "By epoch" },
];

export function Curves() {
  const [axis, setAxis] = useState<Axis>("step");
  return (
    <>
      <SegmentedControl className={classes.axis} aria-label="Horizontal axis of the charts" value={axis} onChange={(value) => setAxis(value === "epoch" ? "epoch" : "step")} data={axes} />
      <div className={classes.curves}>
        <LossChart axis={axis} />
        <ScoreChart axis={axis} />
        <RateChart axis={axis} />
        <NormChart axis={axis} />
      </div>
    </>
  );
}

interface ChartProps {
  readonly axis: Axis;
}

/** What all four charts show alike: how far the axis goes, and the rates set by hand. */
function useFrame(run: Run, axis: Axis) {
  const { info, latest, rateChanges } = recordOf(run);
  const over = run.kind === "finished" || run.kind === "failed";
  const planned = axis === "step" ? info?.totalSteps : info?.epochs;
  const end = (over ? latest?.[axis] : planned) ?? 1;
  const marks = useMemo(() => rateChanges.map((change) => ({ x: change[axis], label: formatRate(change.learningRate) })), [rateChanges, axis]);
  return { axis, end, marks };
}

/** Thinned like the steps: a run may have a thousand epochs. */
const byEpoch = (epochs: readonly EpochPoint[], figure: "trainLoss" | "trainScore" | "validationLoss" | "validationScore"): readonly ChartPoint[] =>
  rawPoints(
    extendTrace(
      emptyTrace(),
      epochs.map((point) => ({ step: point.step, epoch: point.epoch, value: point[figure] })),
    ),
  );

/** Training and validation of one figure: by step smoothed, by epoch as its mean over each epoch. */
function useLearningCurve({ epochs, ...record }: RunRecord, axis: Axis, figure: "loss" | "score") {
  const { name, format } = figure === "loss" ? { name: "loss", format: formatLoss } : scoreOf(record.info);
  const trace = record[figure];
  const best = bestEpoch({ epochs, ...record });
  return useMemo(() => {
    const [ofTraining, ofValidation] = figure === "loss" ? (["trainLoss", "validationLoss"] as const) : (["trainScore", "validationScore"] as const);
    const main = axis === "step" ? smoothPoints(trace) : byEpoch(epochs, ofTraining);
    const validation = byEpoch(epochs, ofValidation);
    const ring = best && { step: best.step, epoch: best.epoch, value: best[ofValidation] };
    return {
      lines: { main, validation, ...(axis === "step" && figure === "loss" ? { raw: rawPoints(trace) } : {}) },
      best: ring ? { x: ring[axis], y: ring.value } : null,
      summary: describeCurve({
        subject: `Training ${name}`,
        points: main,
        format,
        validation: { subject: `validation ${name}`, points: validation, best: ring ?? null },
      }),
    };
  }, [trace, epochs, best, axis, figure, name, format]);
}

const lossNames = { step: { raw: "Each step", main: "Training, smoothed", validation: "Validation" }, epoch: { main: "Training, mean", validation: "Validation" } };
const scoreNames = { step: { main: "Training, smoothed", validation: "Validation" }, epoch: { main: "Training, mean", validation: "Validation" } };
const rateNames = { main: "Learning rate" };
const normNames = { raw: "Each step", main: "Smoothed" };

function LossChart({ axis }: ChartProps) {
  const run = useSampledRun(paceMs.loss);
  const frame = useFrame(run, axis);
  return <ChartPanel title="Loss" {...frame} {...useLearningCurve(recordOf(run), axis, "loss")} names={lossNames[axis]} format={formatLoss} />;
}

function ScoreChart({ axis }: ChartProps) {
  const run = useSampledRun(paceMs.score);
  const frame = useFrame(run, axis);
  const { title, isShare, format } = scoreOf(recordOf(run).info);
  return <ChartPanel title={title} {...frame} {...useLearningCurve(recordOf(run), axis, "score")} names={scoreNames[axis]} {...(isShare && { top: 1 })} format={format} />;
}

function RateChart({ axis }: ChartProps) {
  const run = useSampledRun(paceMs.learningRate);
  const frame = useFrame(run, axis);
  const { learningRate } = recordOf(run);
  // Not the smoothed course, which would round off a rate set by hand.
  const main = useMemo(() => rawPoints(learningRate), [learningRate]);
  const lines = useMemo(() => ({ main }), [main]);
  return <ChartPanel title="Learning rate" {...frame} labelsMarks lines={lines} names={rateNames} best={null} format={formatRate} summary={describeRange({ subject: "The rate", points: main, format: formatRate })} />;
}

function NormChart({ axis }: ChartProps) {
  const run = useSampledRun(paceMs.gradientNorm);
  const frame = useFrame(run, axis);
  const { gradientNorm } = recordOf(run);
  const lines = useMemo(() => ({ raw: rawPoints(gradientNorm), main: smoothPoints(gradientNorm) }), [gradientNorm]);
  return <ChartPanel title="Gradient norm" {...frame} lines={lines} names={normNames} best={null} format={formatLoss} summary={describeRange({ subject: "The gradient's length, smoothed,", points: lines.main, all: lines.raw, format: formatLoss })} />;
}
