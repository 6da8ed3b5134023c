/** A downloaded model, opened again: what it is, and a place to try it. */
import { Button } from "@mantine/core";
import { lazy } from "react";
import type { OpenedModel } from "../../protocol/api.ts";
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
const deeds = { "image-classification": "sorts images", "text-classification": "sorts texts", "text-generation": "writes" } as const;

export function OpenedModelPage({ model }: { readonly model: OpenedModel }) {
  const close = useSession((state) => state.closeDownload);
  const kind = kinds[model.task];
  return (
    <StepPage
      title={model.name}
      lead={`A model that Graft saved, opened again. It ${deeds[model.task]} as it did when it was trained.`}
      actions={
        <Button variant="default" onClick={close}>
          Close
        </Button>
      }
    >
      <Panel label="What it is">
        <StatRow>
          {model.classes.length > 0 && <Stat label="Classes" value={formatCount(model.classes.length)} note={model.classes.slice(0, 8).join(", ") + (model.classes.length > 8 ? ", …" : "")} />}
          <Stat label="Grown from" value={model.recipe.model} />
          {model.headline && <Stat label={`Validation ${model.headline.name.toLowerCase()}`} value={scoreFormat(model.headline)(model.headline.after)} />}
        </StatRow>
      </Panel>
      {kind === null ? (
        <PlaygroundPanel source="download" />
      ) : (
        <Panel label="Try it">
          <SectionTitle help="What you try stays in this tab too.">Try it</SectionTitle>
          <TryIt kind={kind} onPredict={(input) => worker().predictOpened(input)} />
        </Panel>
      )}
    </StepPage>
  );
}
