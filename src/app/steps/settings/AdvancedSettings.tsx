/** Every setting of the recipe, in groups. What cannot have an effect here (text in an image run, momentum for Adam) is not shown. */
import { isAdapterGroup } from "../../../core/layer-group.ts";
import type { DataSummary } from "../../../protocol/data.ts";
import { headOf, useModel } from "../../../store/model.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { BackendReport } from "../../../ui/settings/BackendReport.tsx";
import { ScheduleChart } from "../../../ui/settings/ScheduleChart.tsx";
import { SettingsPanel } from "../../../ui/settings/SettingsPanel.tsx";
import { TokenLengthsFigure } from "../../../ui/settings/TokenLengthsFigure.tsx";
import { AugmentationPanel } from "./AugmentationPanel.tsx";
import { Setting } from "./Setting.tsx";
import { WritingSettings } from "./WritingSettings.tsx";
import { useDeviceReport } from "./useDeviceReport.ts";
import { useTokenLengths } from "./useTokenLengths.ts";

/** Whether anything but what is new learns. */
function useTrunkLearns(): boolean {
  return useModel(({ layers, trainable }) => {
    const head = layers && headOf(layers)?.path;
    return layers !== null && [...trainable].some((path) => path !== head && !path.startsWith(`${head}/`) && !isAdapterGroup(path));
  });
}

function RunPanel() {
  const backend = useRecipe(({ recipe }) => recipe.backend);
  const device = useDeviceReport();
  return (
    <SettingsPanel title="Run" help="How long, in what portions, and where.">
      <Setting path="epochs" />
      <Setting path="batchSize" />
      <Setting path="gradientAccumulation" />
      <Setting path="recomputeActivations" />
      <Setting path="seed" />
      <Setting path="backend" />
      {device.kind === "measuring" && <ProgressLine what="Measuring what this device can do" />}
      {device.kind === "measured" && <BackendReport report={device.report} backend={backend} />}
      {device.kind === "failed" && <Sentence sentence={device.error} />}
    </SettingsPanel>
  );
}

/** What the model has against a setting, said where the setting is; a pattern for the beginning of the sentence. */
function ModelError({ about }: { readonly about: RegExp }) {
  const error = useModel((state) => state.error);
  return error && about.test(error.where ?? "") && <Sentence sentence={error} />;
}

function AdapterPanel() {
  const { enabled } = useRecipe(({ recipe }) => recipe.lora);
  return (
    <SettingsPanel title="Adapters (LoRA)" help="Small new matrices beside frozen layers." below={<ModelError about={/^LoRA/} />}>
      <Setting path="lora.enabled" />
      <Setting path="lora.rank" disabled={!enabled} />
      <Setting path="lora.alpha" disabled={!enabled} />
      <Setting path="lora.dropout" disabled={!enabled} />
      <Setting path="lora.targets" disabled={!enabled} />
    </SettingsPanel>
  );
}

export function AdvancedSettings({ summary }: { readonly summary: DataSummary }) {
  const recipe = useRecipe((state) => state.recipe);
  const trunkLearns = useTrunkLearns();
  const hasPixelRange = useModel(({ cards }) => cards.find(({ id }) => id === recipe.model)?.pixelRange !== undefined);
  const images = recipe.task === "image-classification";
  const writes = recipe.task === "text-generation";
  const { lengths, error } = useTokenLengths(recipe.task === "text-classification");

  return (
    <>
      <RunPanel />
      {writes && <WritingSettings summary={summary} />}
      <SettingsPanel title="Optimizer" help="How the weights are changed after each batch.">
        <Setting path="optimizer" />
        <Setting path="learningRate" />
        {trunkLearns && <Setting path="trunkLearningRateScale" />}
        {(recipe.optimizer === "sgd" || recipe.optimizer === "rmsprop") && <Setting path="momentum" />}
        <Setting path="weightDecay" />
        <Setting path="gradientClipNorm" />
      </SettingsPanel>
      <AdapterPanel />
      <SettingsPanel title="Schedule" help="The learning rate over the run." below={<ScheduleChart recipe={recipe} trainingExamples={summary.counts.train} />}>
        <Setting path="schedule" />
        <Setting path="warmUp" />
      </SettingsPanel>
      <SettingsPanel title="Regularisation" help="What keeps the model from learning the training examples by heart." below={<ModelError about={/^trunk dropout/} />}>
        {!writes && <Setting path="dropout" />}
        <Setting path="trunkDropout.rate" />
        <Setting path="trunkDropout.targets" disabled={recipe.trunkDropout.rate === 0} />
        {!writes && <Setting path="labelSmoothing" />}
        {!writes && <Setting path="classWeights" />}
      </SettingsPanel>
      <SettingsPanel title="Stopping" help="When enough is enough.">
        <Setting path="earlyStopping.enabled" />
        <Setting path="earlyStopping.metric" disabled={!recipe.earlyStopping.enabled} />
        <Setting path="earlyStopping.patience" disabled={!recipe.earlyStopping.enabled} />
        <Setting path="earlyStopping.restoreBest" disabled={!recipe.earlyStopping.enabled} />
      </SettingsPanel>
      {!writes && (
        <SettingsPanel
          title="Input and head"
          help={images ? "What the model gets to see of each image, and what the head gets to see of the model." : "What the model gets to read of each text, and what the head gets to read of the model."}
          below={
            <>
              <ModelError about={/^(?!LoRA|trunk dropout)/} />
              {lengths && <TokenLengthsFigure lengths={lengths} />}
              {error && <Sentence sentence={error} />}
            </>
          }
        >
          {images ? <Setting path="imageSize" /> : <Setting path="maxTokens" />}
          {images && hasPixelRange && <Setting path="pixelRange" />}
          <Setting path="head.at" />
          <Setting path="head.pooling" />
        </SettingsPanel>
      )}
      {images && <AugmentationPanel />}
    </>
  );
}
