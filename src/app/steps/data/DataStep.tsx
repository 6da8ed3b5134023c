/** Step one, in whichever phase the data is: choosing, opening, naming the columns, or looking through it. */
import { Button } from "@mantine/core";
import { useEffect } from "react";
import { assertNever } from "../../../core/errors.ts";
import type { SourceFile } from "../../../protocol/data.ts";
import { useData } from "../../../store/data.ts";
import { useProjects } from "../../../store/projects.ts";
import { useSession } from "../../../store/session.ts";
import { ColumnMapper } from "../../../ui/data/ColumnMapper.tsx";
import { StartScreen } from "../../../ui/data/StartScreen.tsx";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { StepPage } from "../../../ui/primitives/StepPage.tsx";
import { ProjectsPanel } from "../../projects/ProjectsPanel.tsx";
import { DataOverview } from "./DataOverview.tsx";
import { isGraftDownload, isGraftProject } from "./graft-download.ts";

function ChooseData() {
  const { loadSamples, openFiles, openSample, keep } = useData.getState();
  const samples = useData((state) => state.samples);
  const error = useData((state) => state.error);
  const previous = useData(({ phase }) => (phase.kind === "choosing" ? phase.previous : null));
  const openDownload = useSession((state) => state.openDownload);
  const download = useSession((state) => state.download);

  useEffect(() => void loadSamples(), [loadSamples]);

  const open = async (files: readonly SourceFile[]): Promise<void> => {
    const [first] = files;
    if (first && (await isGraftProject(files))) {
      // Where its progress is, and then the project.
      window.scrollTo({ top: 0 });
      return useProjects.getState().bring(first);
    }
    await ((await isGraftDownload(files)) ? openDownload(files) : openFiles(files));
  };

  return (
    <StepPage
      title="Data"
      lead="Start with examples of what the model should tell apart, or of how it should write. They are read here, in this tab, and sent nowhere."
      actions={
        previous && (
          <Button variant="default" onClick={keep}>
            Keep {previous.name}
          </Button>
        )
      }
    >
      {error && <Sentence sentence={error} />}
      {download.kind === "failed" && <Sentence sentence={download.error} />}
      {download.kind === "opening" && <ProgressLine what={`Opening ${download.name}`} />}
      <ProjectsPanel />
      <StartScreen samples={samples} onFiles={(files) => void open(files)} onSample={(id) => void openSample(id)} onDownload={(files) => void open(files)} />
    </StepPage>
  );
}

export function DataStep() {
  const phase = useData((state) => state.phase);
  const error = useData((state) => state.error);
  const { cancel, mapColumns, replace } = useData.getState();

  switch (phase.kind) {
    case "choosing":
      return <ChooseData />;
    case "opening":
      return (
        <StepPage title="Data" lead="Reading what you chose. Nothing leaves this tab.">
          <Panel>
            <ProgressLine what={phase.progress.what} done={phase.progress.done} total={phase.progress.total} onCancel={() => void cancel()} />
          </Panel>
        </StepPage>
      );
    case "mapping":
      return (
        <StepPage title="Data" lead="Say what the model should learn from this table, and from which columns.">
          {error && <Sentence sentence={error} />}
          {phase.progress ? (
            <Panel>
              <ProgressLine what={phase.progress.what} done={phase.progress.done} total={phase.progress.total} onCancel={() => void cancel()} />
            </Panel>
          ) : (
            <ColumnMapper preview={phase.preview} onConfirm={(mapping) => void mapColumns(mapping)} onBack={replace} />
          )}
        </StepPage>
      );
    case "ready":
      return <DataOverview summary={phase.summary} />;
    default:
      return assertNever(phase);
  }
}
