/** What single figures hide: the curves of a class, whether the model is as often right as it is sure, and predicted against true numbers. */
import { Button, Group, NativeSelect } from "@mantine/core";
import { useState } from "react";
import type { SplitResults } from "../../protocol/run.ts";
import { SquareChart } from "../charts/SquareChart.tsx";
import classes from "../charts/SquareChart.module.css";
import { Panel } from "../primitives/Panel.tsx";
import { SectionTitle } from "../primitives/SectionTitle.tsx";
import { describeCalibration, describePrecisionRecall, describePredictions, describeRoc, rangeOf } from "./quality.ts";

interface QualityPanelProps {
  readonly measured: Exclude<SplitResults, { readonly kind: "generation" }>;
  readonly split: "validation" | "test";
}

export function QualityPanel({ measured, split }: QualityPanelProps) {
  const [asTable, setAsTable] = useState(false);
  const [wanted, setWanted] = useState(0);
  const shared = { split, asTable };
  const one = measured.kind === "regression";
  const toggle = (
    <Button variant="subtle" size="compact-xs" onClick={() => setAsTable(!asTable)}>
      {`Show as ${asTable ? "chart" : "table"}${one ? "" : "s"}`}
    </Button>
  );
  if (one) {
    const { points } = measured;
    if (points.length === 0) return null;
    return (
      <Panel label="Predicted and true">
        <SectionTitle actions={toggle}>Predicted and true</SectionTitle>
        <SquareChart
          {...shared}
          title="Predicted against true numbers"
          xName="True"
          yName="Predicted"
          range={rangeOf(points)}
          diagonal
          dots={points.map(({ actual, predicted }) => ({ x: actual, y: predicted }))}
          summary={describePredictions(points)}
        />
      </Panel>
    );
  }

  const single = measured.kind === "single-label";
  const { curves, calibration } = measured;
  const shown = curves[wanted] ?? curves[0];
  const reliability = calibration.bins.flatMap(({ meanPredicted, observed }) => (meanPredicted === null || observed === null ? [] : [{ x: meanPredicted, y: observed }]));
  return (
    <Panel label="Curves">
      <SectionTitle
        help={`One ${single ? "class" : "label"} against all others, at every threshold; and whether the model is as often right as it is sure.`}
        actions={
          <Group gap={8}>
            <NativeSelect aria-label={single ? "Class of the curves" : "Label of the curves"} size="xs" value={wanted} onChange={({ currentTarget }) => setWanted(Number(currentTarget.value))} data={curves.map(({ name }, value) => ({ value: String(value), label: name }))} />
            {toggle}
          </Group>
        }
      >
        Curves
      </SectionTitle>
      <div className={classes.row}>
        {shown && (
          <>
            <SquareChart
              {...shared}
              title="ROC"
              xName="False alarms"
              yName="Found"
              diagonal
              line={shown.roc.points.map(({ falsePositiveRate, truePositiveRate }) => ({ x: falsePositiveRate, y: truePositiveRate }))}
              summary={describeRoc(shown.roc, shown.name)}
            />
            <SquareChart
              {...shared}
              title="Precision and recall"
              xName="Recall"
              yName="Precision"
              line={shown.precisionRecall.points.map(({ recall, precision }) => ({ x: recall, y: precision }))}
              summary={describePrecisionRecall(shown.precisionRecall, shown.name)}
            />
          </>
        )}
        <SquareChart
          {...shared}
          title={single ? "Calibration" : "Calibration of all labels"}
          xName="Probability"
          yName={single ? "Share that is right" : "Share that is so"}
          diagonal
          line={reliability}
          dots={reliability}
          summary={describeCalibration(calibration)}
        />
      </div>
    </Panel>
  );
}
