/** The run under way, or as it ended: where it is, its figures, and what one can do to it. */
import { Button } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { isUnderWay, recordOf, type Run } from "../../../store/run-state.ts";
import { useRun } from "../../../store/run.ts";
import { smoothPoints } from "../../../store/trace.ts";
import { formatCompact } from "../../../ui/primitives/format.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { Figures } from "../../../ui/train/Figures.tsx";
import { RateField } from "../../../ui/train/RateField.tsx";
import { RunProgress } from "../../../ui/train/RunProgress.tsx";
import { backendName } from "../../../ui/train/figures.ts";
import classes from "./TrainStep.module.css";

const icon = { size: 16, stroke: 1.75, "aria-hidden": true } as const;

export function RunPanel() {
  const run = useRun((state) => state.run);
  const wish = useRun((state) => state.wish);
  const { setLearningRate } = useRun.getState();
  const record = recordOf(run);
  const { info, latest, epochs } = record;
  if (info === null) return null;

  // Afterwards the figures are those of the weights that the model has.
  const shownEpoch = run.kind === "finished" ? epochs[run.bestEpoch - 1] : epochs.at(-1);
  const going = isUnderWay(run);
  return (
    <Panel label="The run">
      <div className={classes.head}>
        <div className={classes.where}>
          <RunProgress epoch={latest === null ? 1 : Math.max(1, Math.ceil(latest.epoch))} epochs={info.epochs} step={latest?.step ?? 0} steps={info.totalSteps} note={noteOf(run, wish)} />
        </div>
        {going && <RunButtons paused={run.kind === "paused"} />}
      </div>
      <Figures
        loss={smoothPoints(record.loss).at(-1)?.value ?? null}
        score={smoothPoints(record.score).at(-1)?.value ?? null}
        scoreInfo={info.score}
        validationLoss={shownEpoch?.validationLoss ?? null}
        validationScore={shownEpoch?.validationScore ?? null}
        validatedEpoch={shownEpoch?.epoch ?? null}
        learningRate={latest?.learningRate ?? null}
        gradientNorm={smoothPoints(record.gradientNorm).at(-1)?.value ?? null}
        examplesPerSecond={latest === null ? null : record.examplesPerSecond}
        time={run.kind === "finished" ? { label: "Time taken", seconds: run.seconds } : latest === null || !going ? null : { label: "Time left", seconds: record.secondsLeft }}
      />
      <p className={classes.device}>
        {backendName(info.backend)}, {info.adapter}. {formatCompact(info.trainableParameters)} of {formatCompact(info.totalParameters)} parameters learn
        {info.trunkCached && info.trainableParameters < info.totalParameters ? "; the frozen layers were computed once and kept." : "."}
        {record.batchSplit && ` A batch of ${record.batchSplit.batchSize} does not fit this device's memory: it is computed ${record.batchSplit.microBatchSize} at a time, to the same step.`}
        {record.notCaptured && ` Each step waits for JavaScript, because ${record.notCaptured}.`} Loss, {info.score.name.toLowerCase()} and gradient norm are smoothed.
      </p>
      {going && (
        <div className={classes.rate}>
          <RateField current={latest?.learningRate ?? null} onApply={(rate) => void setLearningRate(rate)} />
        </div>
      )}
    </Panel>
  );
}

/** What is going on, where that is not plain training. */
function noteOf(run: Run, wish: "pause" | "stop" | null): string | undefined {
  if (run.kind === "paused") return wish === "stop" ? "Stopping" : "Paused";
  if (run.kind !== "training") return undefined;
  if (wish !== null) return wish === "stop" ? "Stopping after this step" : "Pausing after this step";
  const { info, latest } = run.record;
  return run.activity?.what ?? (latest && latest.step === info?.totalSteps ? "Measuring the result" : undefined);
}

function RunButtons({ paused }: { readonly paused: boolean }) {
  const wish = useRun((state) => state.wish);
  const { pause, resume, stop } = useRun.getState();
  return (
    <div className={classes.buttons}>
      {paused ? (
        <Button variant="default" leftSection={<IconPlayerPlay {...icon} />} disabled={wish === "stop"} onClick={() => void resume()}>
          Resume
        </Button>
      ) : (
        <Button variant="default" leftSection={<IconPlayerPause {...icon} />} disabled={wish !== null} onClick={() => void pause()}>
          Pause
        </Button>
      )}
      <Button variant="default" leftSection={<IconPlayerStop {...icon} />} disabled={wish === "stop"} onClick={() => void stop()}>
        Stop
      </Button>
    </div>
  );
}
