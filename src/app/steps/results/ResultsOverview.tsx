/** The panels of a finished run, for the split that is looked at. */
import { SegmentedControl } from "@mantine/core";
import { lazy, useState } from "react";
import type { Recipe } from "../../../protocol/recipe.ts";
import type { ConfusionQuery, RunResults } from "../../../protocol/run.ts";
import { worker } from "../../../store/client.ts";
import { useRun } from "../../../store/run.ts";
import { splitNames } from "../../../ui/data/splits.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { Stat, StatRow } from "../../../ui/primitives/Stat.tsx";
import { formatMetric } from "../../../ui/primitives/format.ts";
import { ClassMetricsTable } from "../../../ui/results/ClassMetricsTable.tsx";
import { ConfusionMatrix } from "../../../ui/results/ConfusionMatrix.tsx";
import { TryIt } from "../../../ui/results/TryIt.tsx";
import { cellName, type Cell } from "../../../ui/results/confusion.ts";
import { ConfusionDrawer } from "./ConfusionDrawer.tsx";
import { DownloadPanel } from "./DownloadPanel.tsx";
import { MistakesPanel } from "./MistakesPanel.tsx";

const WrittenResults = lazy(async () => ({ default: (await import("./WrittenResults.tsx")).WrittenResults }));

const headline = [
  { label: "Accuracy", key: "accuracy" },
  { label: "Macro F1", key: "f1Macro" },
  { label: "Loss", key: "loss" },
] as const;

export function ResultsOverview({ results, recipe }: { readonly results: RunResults; readonly recipe: Recipe }) {
  const dataReplaced = useRun((state) => state.dataReplaced);
  const [wanted, setWanted] = useState<"validation" | "test">("validation");
  const [cell, setCell] = useState<{ readonly name: string; readonly query: ConfusionQuery } | null>(null);
  const kind = recipe.task === "image-classification" ? "image" : "text";
  const split = results.test ? wanted : "validation";
  const measured = (split === "test" ? results.test : undefined) ?? results.validation;
  const help = split === "test" ? "The test examples: seen once, at the end." : "The validation examples: they also chose the best epoch.";
  const splitControl = results.test && (
    <SegmentedControl
      aria-label="Measured on"
      value={split}
      onChange={(value) => setWanted(value === "test" ? "test" : "validation")}
      data={(["validation", "test"] as const).map((name) => ({ value: name, label: splitNames[name] }))}
    />
  );
  if (measured.kind === "generation") return <WrittenResults measured={measured} results={results} recipe={recipe} help={help} splitControl={splitControl} />;
  const { before, after, mistakes } = measured;

  const open = ({ actual, predicted }: Cell): void => {
    const [actualName, predictedName] = [results.classes[actual] ?? "", results.classes[predicted] ?? ""];
    setCell({ name: cellName(after.confusion[actual]?.[predicted] ?? 0, actualName, predictedName), query: { split, actual: actualName, predicted: predictedName } });
  };

  return (
    <>
      <Panel label="Measures">
        <SectionTitle help={help} actions={splitControl}>
          Measures
        </SectionTitle>
        <StatRow>
          {headline.map(({ label, key }) => (
            <Stat key={key} label={label} value={formatMetric(after[key])} note={`${formatMetric(before[key])} before fine-tuning`} />
          ))}
        </StatRow>
      </Panel>

      <Panel label="Classes">
        <SectionTitle help="The bar is how much of the class is found now; the mark on it, how much was before fine-tuning.">Classes</SectionTitle>
        <ClassMetricsTable after={after.perClass} before={before.perClass} />
      </Panel>

      <Panel label="Confusion matrix">
        <SectionTitle help="Rows are the truth, columns what the model said. Click a cell to see its examples; the arrow keys move.">Confusion matrix</SectionTitle>
        {dataReplaced && <Sentence tone="note">Other data has been opened since this run, so the cells no longer open their examples.</Sentence>}
        <ConfusionMatrix
          classNames={results.classes}
          confusion={after.confusion}
          onOpen={(opened) => {
            if (!dataReplaced) open(opened);
          }}
        />
      </Panel>

      <MistakesPanel key={split} kind={kind} mistakes={mistakes} dataReplaced={dataReplaced} />

      <Panel label="Try it">
        <SectionTitle help="What you try stays in this tab too.">Try it</SectionTitle>
        <TryIt kind={kind} onPredict={(input) => worker().predict(input)} />
      </Panel>

      <DownloadPanel model={recipe.model} hasAdapter={recipe.lora.enabled} score={results.info.score} int8={results.int8} leftOut={results.leftOut ?? []} />
      <ConfusionDrawer kind={kind} cell={cell} onClose={() => setCell(null)} />
    </>
  );
}
