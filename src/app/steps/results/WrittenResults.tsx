/** The panels of a finished run of a model that writes. */
import type { Recipe } from "../../../protocol/recipe.ts";
import type { GenerationResults, RunResults } from "../../../protocol/run.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Stat, StatRow } from "../../../ui/primitives/Stat.tsx";
import { formatMetric } from "../../../ui/primitives/format.ts";
import { DownloadPanel } from "./DownloadPanel.tsx";

const measures = [
  { label: "Perplexity", key: "perplexity" },
  { label: "Loss", key: "loss" },
  { label: "Token accuracy", key: "tokenAccuracy" },
] as const;

export function WrittenResults({ measured: { before, after }, results, recipe }: { readonly measured: GenerationResults; readonly results: RunResults; readonly recipe: Recipe }) {
  return (
    <>
      <Panel label="Measures">
        <SectionTitle help="On texts that were held back. Perplexity is among how many equally likely tokens the model hesitates: lower is better.">Measures</SectionTitle>
        <StatRow>
          {measures.map(({ label, key }) => (
            <Stat key={key} label={label} value={formatMetric(after[key])} note={`${formatMetric(before[key])} before fine-tuning`} />
          ))}
        </StatRow>
      </Panel>
      <DownloadPanel model={recipe.model} hasAdapter={recipe.lora.enabled} score={results.info.score} int8={results.int8} leftOut={results.leftOut ?? []} />
    </>
  );
}
