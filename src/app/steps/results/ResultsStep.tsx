/** Step five: how good the model became, what it gets wrong, a place to try it, and the way to take it along. */
import { Button } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import type { Recipe } from "../../../protocol/recipe.ts";
import type { RunResults } from "../../../protocol/run.ts";
import { useRun } from "../../../store/run.ts";
import { useSession } from "../../../store/session.ts";
import { EmptyState } from "../../../ui/primitives/EmptyState.tsx";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { StepPage } from "../../../ui/primitives/StepPage.tsx";
import { NotKept } from "../NotKept.tsx";
import { ResultsOverview } from "./ResultsOverview.tsx";

export function ResultsStep() {
  const results = useRun((state) => state.results);
  const recipe = useRun((state) => state.recipe);
  const goTo = useSession((state) => state.goTo);
  if (results.kind === "ready" && recipe) return <Finished results={results.results} recipe={recipe} />;
  return (
    <StepPage title="Results" lead="How good the model became, and what it gets wrong.">
      {results.kind === "failed" && (
        <Sentence
          sentence={results.error}
          actions={
            <Button variant="default" size="xs" onClick={() => void useRun.getState().loadResults()}>
              Try again
            </Button>
          }
        />
      )}
      {results.kind === "loading" && <ProgressLine what="Gathering the results" />}
      {results.kind === "none" && (
        <Panel>
          <EmptyState icon={<IconChartBar size={28} stroke={1.5} aria-hidden />} title="No results yet" actions={<Button onClick={() => goTo("train")}>Go to Train</Button>}>
            Results come from a finished run. Train the model first, and they will be here.
          </EmptyState>
        </Panel>
      )}
    </StepPage>
  );
}

function Finished({ results, recipe }: { readonly results: RunResults; readonly recipe: Recipe }) {
  const goTo = useSession((state) => state.goTo);
  return (
    <StepPage
      title="Results"
      lead="Measured on examples that the model did not learn from."
      actions={
        <Button variant="default" onClick={() => goTo("train")}>
          Train again
        </Button>
      }
    >
      <NotKept />
      <ResultsOverview results={results} recipe={recipe} />
    </StepPage>
  );
}
