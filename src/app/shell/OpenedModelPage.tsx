/** A downloaded model, opened again: what it is, and a place to try it. */
import { Button } from "@mantine/core";
import { lazy } from "react";
import type { OpenedModel } from "../../protocol/api.ts";
import { classificationColumns, targetOf } from "../../protocol/data.ts";
import type { TextTarget } from "../../protocol/recipe.ts";
import { worker } from "../../store/client.ts";
import { useSession } from "../../store/session.ts";
import { Panel } from "../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../ui/primitives/SectionTitle.tsx";
import { Stat, StatRow } from "../../ui/primitives/Stat.tsx";
import { StepPage } from "../../ui/primitives/StepPage.tsx";
import { formatCount, scoreFormat } from "../../ui/primitives/format.ts";
import { TryIt } from "../../ui/results/TryIt.tsx";

const PlaygroundPanel = lazy(async () => ({ default: (await import("../generation/PlaygroundPanel.tsx")).PlaygroundPanel }));

const kinds = { "image-classification": "image", "text-classification": "text", "text-generation": null } as const;
const deeds = { "image-classification": "sorts images", "text-generation": "writes" } as const;
const textDeeds: Readonly<Record<TextTarget, string>> = { "single-label": "sorts texts", "multi-label": "labels texts", regression: "gives texts a number" };

export function OpenedModelPage({ model }: { readonly model: OpenedModel }) {
  const close = useSession((state) => state.closeDownload);
  const kind = kinds[model.task];
  const target = targetOf(model.recipe.columns);
  return (
    <StepPage
      title={model.name}
      lead={`A model that Graft saved, opened again. It ${model.task === "text-classification" ? textDeeds[target] : deeds[model.task]} as it did when it was trained.`}
      actions={
        <Button variant="default" onClick={close}>
          Close
        </Button>
      }
    >
      <Panel label="What it is">
        <StatRow>
          {target === "regression" ? (
            <Stat label="Predicts" value={model.classes.join(", ")} note="A number" />
          ) : (
            model.classes.length > 0 && <Stat label={target === "multi-label" ? "Labels" : "Classes"} value={formatCount(model.classes.length)} note={model.classes.slice(0, 8).join(", ") + (model.classes.length > 8 ? ", …" : "")} />
          )}
          <Stat label="Grown from" value={model.recipe.model} />
          {model.headline && <Stat label={`Validation ${model.headline.name.toLowerCase()}`} value={scoreFormat(model.headline)(model.headline.after)} />}
        </StatRow>
      </Panel>
      {kind === null ? (
        <PlaygroundPanel source="download" />
      ) : (
        <Panel label="Try it">
          <SectionTitle help="What you try stays in this tab too.">Try it</SectionTitle>
          <TryIt kind={kind} columns={classificationColumns(model.recipe.columns)} onPredict={(input) => worker().predictOpened(input)} onExplain={(request) => worker().explainOpened(request)} />
        </Panel>
      )}
    </StepPage>
  );
}
