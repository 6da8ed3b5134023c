/** Step two: the model to start from, and which of its layers learn. */
import { Button } from "@mantine/core";
import { IconFile, IconWorldDownload } from "@tabler/icons-react";
import { useHub } from "../../../store/hub.ts";
import { useModel } from "../../../store/model.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { useSession } from "../../../store/session.ts";
import { DropArea } from "../../../ui/data/DropArea.tsx";
import { FilesButton } from "../../../ui/data/FilesButton.tsx";
import { ModelCards } from "../../../ui/model/ModelCards.tsx";
import { formatBytes } from "../../../ui/primitives/format.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { StepPage } from "../../../ui/primitives/StepPage.tsx";
import { HubDrawer } from "./HubDrawer.tsx";
import { LayersPanel } from "./LayersPanel.tsx";

export function ModelStep() {
  const cards = useModel((state) => state.cards);
  const layers = useModel((state) => state.layers);
  const importing = useModel((state) => state.importing);
  const error = useModel((state) => state.error);
  const { choose, importFiles, cancelImport } = useModel.getState();
  const download = useHub((state) => state.download);
  const writes = useRecipe(({ recipe }) => recipe.task === "text-generation");
  const chosen = useRecipe(({ recipe }) => recipe.model);
  const goTo = useSession((state) => state.goTo);

  return (
    <StepPage
      title="Model"
      lead={writes ? "Choose the pre-trained model to go on from. It writes already; your texts teach it what and how." : "Choose the pre-trained model to graft onto. It already sees or reads; it gets a new head for your classes."}
      next={{ label: "Continue to Settings", onNext: () => goTo("settings"), blocked: layers === null ? "Choose a model first." : undefined }}
    >
      {error && <Sentence sentence={error} />}
      <ModelCards cards={cards} chosen={chosen} onChoose={choose} />
      {download && (
        <Panel>
          <ProgressLine what={download.progress.what} done={download.progress.done} total={download.progress.total} format={formatBytes} onCancel={() => void useHub.getState().cancel()} />
        </Panel>
      )}
      {importing ? (
        <Panel>
          <ProgressLine what={importing.what} done={importing.done} total={importing.total} onCancel={() => void cancelImport()} />
        </Panel>
      ) : (
        <DropArea
          size="small"
          title="Or bring your own"
          help="An ONNX file, a TensorFlow.js model.json with its weight files, or a Hugging Face folder: config.json, .safetensors and the tokenizer."
          onFiles={(files) => void importFiles(files)}
          actions={
            <>
              <FilesButton variant="default" onFiles={(files) => void importFiles(files)} leftSection={<IconFile size={16} stroke={1.75} aria-hidden />}>
                Choose model files
              </FilesButton>
              <Button variant="default" onClick={useHub.getState().open} leftSection={<IconWorldDownload size={16} stroke={1.75} aria-hidden />}>
                From Hugging Face
              </Button>
            </>
          }
        />
      )}
      {layers ? <LayersPanel layers={layers} /> : error === null && <ProgressLine what="Reading the layers" />}
      <HubDrawer />
    </StepPage>
  );
}
