/** The panels of a finished run, for the split that is looked at. */
import { SegmentedControl } from "@mantine/core";
import { lazy, useMemo, useState, type ReactNode } from "react";
import { classificationColumns } from "../../../protocol/data.ts";
import type { Recipe } from "../../../protocol/recipe.ts";
import type { AnsweredSplit, ClassificationMetrics, ConfusionQuery, RunResults } from "../../../protocol/run.ts";
import { worker } from "../../../store/client.ts";
import { useRun } from "../../../store/run.ts";
import { splitNames } from "../../../ui/data/splits.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { Stat, StatRow } from "../../../ui/primitives/Stat.tsx";
import { ClassMetricsTable } from "../../../ui/results/ClassMetricsTable.tsx";
import { ConfusionMatrix } from "../../../ui/results/ConfusionMatrix.tsx";
import { QualityPanel } from "../../../ui/results/QualityPanel.tsx";
import { TryIt } from "../../../ui/results/TryIt.tsx";
import { cellName, type Cell } from "../../../ui/results/confusion.ts";
import { ConfusionDrawer } from "./ConfusionDrawer.tsx";
import { DownloadPanel } from "./DownloadPanel.tsx";
import { MistakesPanel } from "./MistakesPanel.tsx";
import { figuresOf, measuresHelp, mistakesAsTable, mistakesHelp, mistakesOf, verdictOf } from "./figures.ts";

const WrittenResults = lazy(async () => ({ default: (await import("./WrittenResults.tsx")).WrittenResults }));

type MeasuredSplit = "validation" | "test";

export function ResultsOverview({ results, recipe }: { readonly results: RunResults; readonly recipe: Recipe }) {
  const [wanted, setWanted] = useState<MeasuredSplit>("validation");
  const split = results.test ? wanted : "validation";
  const shown = (split === "test" ? results.test : undefined) ?? results.validation;
  const help = split === "test" ? "The test examples: seen once, at the end." : recipe.earlyStopping.enabled && recipe.earlyStopping.restoreBest ? "The validation examples: they also chose the best epoch." : "The validation examples: none of them was learned from.";
  const splitControl = results.test && (
    <SegmentedControl
      aria-label="Measured on"
      value={split}
      onChange={(value) => setWanted(value === "test" ? "test" : "validation")}
      data={(["validation", "test"] as const).map((name) => ({ value: name, label: splitNames[name] }))}
    />
  );
  const shared = { results, recipe, help, splitControl };
  return shown.kind === "generation" ? <WrittenResults measured={shown} {...shared} /> : <AnsweredResults shown={shown} split={split} {...shared} />;
}

interface AnsweredResultsProps {
  readonly shown: AnsweredSplit;
  readonly split: MeasuredSplit;
  readonly help: string;
  readonly splitControl: ReactNode;
  readonly results: RunResults;
  readonly recipe: Recipe;
}

function AnsweredResults({ shown, split, help, splitControl, results, recipe }: AnsweredResultsProps) {
  const dataReplaced = useRun((state) => state.dataReplaced);
  const [cell, setCell] = useState<{ readonly name: string; readonly query: ConfusionQuery } | null>(null);
  const kind = recipe.task === "image-classification" ? "image" : "text";
  const verdict = useMemo(() => verdictOf(shown), [shown]);
  const mistakes = useMemo(() => mistakesOf(shown), [shown]);

  const open = ({ actual, predicted }: Cell, { confusion }: ClassificationMetrics): void => {
    const [actualName, predictedName] = [results.classes[actual] ?? "", results.classes[predicted] ?? ""];
    setCell({ name: cellName(confusion[actual]?.[predicted] ?? 0, actualName, predictedName), query: { split, actual: actualName, predicted: predictedName } });
  };

  return (
    <>
      <Panel label="Measures">
        <SectionTitle help={`${help} ${measuresHelp(shown)}`} actions={splitControl}>
          Measures
        </SectionTitle>
        <StatRow>
          {figuresOf(shown).map(({ label, value, before, yardstick }) => (
            <Stat key={label} label={label} value={value} note={`${before} before fine-tuning${yardstick === undefined ? "" : `, ${yardstick} a bag of words`}`} />
          ))}
        </StatRow>
        {verdict && (
          <div style={{ marginTop: 16 }}>
            <Sentence tone={verdict.isAhead ? "success" : "warning"}>{verdict.message}</Sentence>
          </div>
        )}
      </Panel>

      {shown.kind === "single-label" && (
        <>
          <Panel label="Classes">
            <SectionTitle help="The bar is how much of the class is found now; the mark on it, how much was before fine-tuning.">Classes</SectionTitle>
            <ClassMetricsTable after={shown.after.perClass} before={shown.before.perClass} />
          </Panel>

          <Panel label="Confusion matrix">
            <SectionTitle help="Rows are the truth, columns what the model said. Click a cell to see its examples; the arrow keys move.">Confusion matrix</SectionTitle>
            {dataReplaced && <Sentence tone="note">Other data has been opened since this run, so the cells no longer open their examples.</Sentence>}
            <ConfusionMatrix
              classNames={results.classes}
              confusion={shown.after.confusion}
              onOpen={(opened) => {
                if (!dataReplaced) open(opened, shown.after);
              }}
            />
          </Panel>
        </>
      )}
      {shown.kind === "multi-label" && (
        <Panel label="Labels">
          <SectionTitle help="A label is given from a probability of 0.5 up. The bar is how many of its examples are found now; the mark on it, how many were before fine-tuning.">Labels</SectionTitle>
          <ClassMetricsTable after={shown.after.perLabel} before={shown.before.perLabel} noun="label" />
        </Panel>
      )}

      <QualityPanel measured={shown} split={split} />

      <MistakesPanel key={split} kind={kind} mistakes={mistakes} asTable={(items) => mistakesAsTable(shown, items)} help={mistakesHelp[shown.kind]} dataReplaced={dataReplaced} />

      <Panel label="Try it">
        <SectionTitle help="What you try stays in this tab too.">Try it</SectionTitle>
        <TryIt kind={kind} columns={classificationColumns(recipe.columns)} onPredict={(input) => worker().predict(input)} onExplain={(request) => worker().explain(request)} />
      </Panel>

      <DownloadPanel model={recipe.model} hasLabels hasAdapter={recipe.lora.enabled} score={results.info.score} int8={results.int8} leftOut={results.leftOut ?? []} />
      <ConfusionDrawer kind={kind} cell={cell} onClose={() => setCell(null)} />
    </>
  );
}
