/** Step four: start the run, watch it, steer it, and see how it ended. */
import { Button } from "@mantine/core";
import type { DataSummary } from "../../../protocol/data.ts";
import { openSummary, useData } from "../../../store/data.ts";
import { useModel } from "../../../store/model.ts";
import { useProjects } from "../../../store/projects.ts";
import { recordOf } from "../../../store/run-state.ts";
import { useRun } from "../../../store/run.ts";
import { useSession } from "../../../store/session.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { StepPage, type NextStep } from "../../../ui/primitives/StepPage.tsx";
import { formatBytes } from "../../../ui/primitives/format.ts";
import { describeEnding, describeRecovery } from "../../../ui/train/figures.ts";
import { BeginsWith } from "../BeginsWith.tsx";
import { NotKept } from "../NotKept.tsx";
import { Curves } from "./Curves.tsx";
import { LiveSamples } from "./LiveSamples.tsx";
import { PlanPanel } from "./PlanPanel.tsx";
import { RunPanel } from "./RunPanel.tsx";
import classes from "./TrainStep.module.css";

/** Why no run can start now, or null. */
function obstacle(summary: DataSummary | null, modelError: boolean, isReadOnly: boolean): string | undefined {
  if (isReadOnly) return "The project is open in another tab, and here it can only be read.";
  if (summary === null) return "Open data first: a run needs examples to learn from.";
  if (!summary.trainable) return "The data needs fixing first: see what is marked red there.";
  if (modelError) return "The model cannot be used as it is: see what the Model step says.";
  return undefined;
}

const leads = {
  idle: "Everything is set. Start, and watch the model learn.",
  reopening: "A run of this project is being opened.",
  preparing: "The model is being prepared. What the frozen layers make of each example is computed once and kept.",
  training: "The model is learning. You can leave this step; the run goes on.",
  paused: "The run waits. Nothing is lost; go on whenever you like.",
  finished: "The run is over. What the model learned is kept until the next run starts.",
  cancelled: "Everything is set. Start, and watch the model learn.",
  failed: "The run has ended before its time. Data, model and settings are as they were.",
};

export function TrainStep() {
  const kind = useRun(({ run }) => run.kind);
  const results = useRun((state) => state.results.kind);
  const summary = useData(openSummary);
  const modelError = useModel(({ error }) => error !== null);
  const isReadOnly = useProjects(({ open }) => open?.isReadOnly ?? false);
  const goTo = useSession((state) => state.goTo);
  const { start } = useRun.getState();
  const blocked = obstacle(summary, modelError, isReadOnly);

  const startAs = (label: string): NextStep => ({ label, onNext: () => void start(), blocked });
  const seeResults: NextStep = { label: "See results", onNext: () => goTo("results"), blocked: results === "ready" ? undefined : "The results are being gathered." };
  const next = { idle: startAs("Start training"), cancelled: startAs("Start training"), failed: startAs("Train again"), finished: seeResults, reopening: undefined, preparing: undefined, training: undefined, paused: undefined }[kind];

  return (
    <StepPage
      title="Train"
      lead={leads[kind]}
      next={next}
      actions={
        kind === "finished" && (
          <Button variant="default" onClick={() => void start()} disabled={blocked !== undefined}>
            Train again
          </Button>
        )
      }
    >
      <Outcome />
      <BeginsWith />
      {(kind === "idle" || kind === "cancelled") && summary && <PlanPanel summary={summary} />}
      {(kind === "preparing" || kind === "reopening") && <Preparing />}
      {kind === "preparing" && <LiveSamples />}
      {kind !== "idle" && kind !== "cancelled" && kind !== "preparing" && kind !== "reopening" && <Live />}
    </StepPage>
  );
}

/** How the last run ended, and what went wrong. */
function Outcome() {
  const run = useRun((state) => (state.run.kind === "finished" || state.run.kind === "failed" || state.run.kind === "cancelled" ? state.run : null));
  const waits = useRun((state) => (state.run.kind === "paused" ? state.run.because : undefined));
  const recoveries = useRun((state) => recordOf(state.run).recoveries);
  const results = useRun((state) => state.results);
  const error = useRun((state) => state.error);
  return (
    <>
      {error && <Sentence sentence={error} />}
      {results.kind === "failed" && <Sentence sentence={results.error} />}
      {run?.kind === "failed" && <Sentence sentence={run.error} />}
      {run?.kind === "cancelled" && <Sentence tone="note">{run.wasRestored ? "Stopped before it went on. The run is as it was: resume it whenever you like." : "Stopped before the first step. Nothing was trained and nothing was changed."}</Sentence>}
      {waits && <Sentence tone="warning" sentence={waits} />}
      <NotKept />
      {recoveries.map((recovery, i) => (
        <div role="status" key={i}>
          <Sentence tone="note">{describeRecovery(recovery)}</Sentence>
        </div>
      ))}
      {run?.kind === "finished" && (
        <div role="status">
          <Sentence tone="success">{describeEnding({ ...run, epochsDone: run.record.epochs.length, epochsPlanned: run.record.info?.epochs ?? 0 })}</Sentence>
        </div>
      )}
    </>
  );
}

function Preparing() {
  const run = useRun((state) => state.run);
  const wish = useRun((state) => state.wish);
  const keeping = useProjects((state) => state.keeping);
  const { stop } = useRun.getState();
  if (run.kind !== "preparing" && run.kind !== "reopening") return null;
  // A run waits until its data are kept.
  const progress = keeping.kind === "keeping" ? { ...keeping.progress, format: formatBytes } : run.progress;
  return (
    <Panel label="Preparing">
      <div className={classes.head}>
        <div className={classes.where}>
          <ProgressLine {...progress} {...(wish === "stop" && { what: "Stopping" })} />
        </div>
        {run.kind === "preparing" && (
          <Button variant="default" disabled={wish === "stop"} onClick={() => void stop()}>
            Stop
          </Button>
        )}
      </div>
    </Panel>
  );
}

function Live() {
  const hasFigures = useRun(({ run }) => recordOf(run).latest !== null);
  return (
    <>
      <RunPanel />
      <LiveSamples />
      {hasFigures && <Curves />}
    </>
  );
}
