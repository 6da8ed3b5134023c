/** The panels of a finished run of a model that writes, for the split that is looked at. */
import type { ReactNode } from "react";
import type { Recipe } from "../../../protocol/recipe.ts";
import type { GenerationResults, RunResults } from "../../../protocol/run.ts";
import { PerplexityChange } from "../../../ui/generation/PerplexityChange.tsx";
import { Samples } from "../../../ui/generation/Samples.tsx";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Stat, StatRow } from "../../../ui/primitives/Stat.tsx";
import { formatCount, formatMetric, formatShare } from "../../../ui/primitives/format.ts";
import { PlaygroundPanel } from "../../generation/PlaygroundPanel.tsx";
import { DownloadPanel } from "./DownloadPanel.tsx";

interface WrittenResultsProps {
  readonly measured: GenerationResults;
  readonly results: RunResults;
  readonly recipe: Recipe;
  readonly help: string;
  /** Chooses the split, where there are two. */
  readonly splitControl: ReactNode;
}

export function WrittenResults({ measured: { before, after }, results, recipe, help, splitControl }: WrittenResultsProps) {
  const { samples = [] } = results;
  return (
    <>
      <Panel label="Perplexity">
        <SectionTitle help={help} actions={splitControl}>
          Perplexity
        </SectionTitle>
        <PerplexityChange before={before.perplexity} after={after.perplexity} />
        <StatRow>
          <Stat label="Loss" value={formatMetric(after.loss)} note={`${formatMetric(before.loss)} before fine-tuning`} />
          <Stat label="Right next token" value={formatShare(after.tokenAccuracy)} note={`${formatShare(before.tokenAccuracy)} before fine-tuning`} />
          <Stat label="Tokens measured" value={formatCount(after.tokens)} />
        </StatRow>
      </Panel>
      <PlaygroundPanel source="run" />
      {samples.length > 0 && (
        <Panel label="Samples as it learned">
          <SectionTitle help="The same beginnings, written on from after every epoch with the same chance. Newest first.">Samples as it learned</SectionTitle>
          <Samples epochs={samples} />
        </Panel>
      )}
      <DownloadPanel model={recipe.model} hasLabels={false} hasAdapter={recipe.lora.enabled} score={results.info.score} int8={results.int8} leftOut={results.leftOut ?? []} />
    </>
  );
}
