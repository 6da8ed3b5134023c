/** The few settings that most runs need, and a word on what is set out of sight. */
import { Button } from "@mantine/core";
import { useRecipe } from "../../../store/recipe.ts";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { AugmentationChoice } from "../../../ui/settings/AugmentationChoice.tsx";
import { SettingsPanel } from "../../../ui/settings/SettingsPanel.tsx";
import { fieldLabel, fieldPaths, isChanged } from "../../../ui/settings/controls.ts";
import type { FieldPath } from "../../../ui/settings/fields.ts";
import { cutsMany, describeCut } from "../../../ui/settings/token-lengths.ts";
import { Setting } from "./Setting.tsx";
import { SamplesSettings } from "./WritingSettings.tsx";
import { useTokenLengths } from "./useTokenLengths.ts";

const shown: readonly FieldPath[] = ["epochs", "batchSize", "learningRate", "earlyStopping.enabled"];

export function SimpleSettings({ onAdvanced }: { readonly onAdvanced: () => void }) {
  const recipe = useRecipe((state) => state.recipe);
  const update = useRecipe((state) => state.update);
  const { lengths } = useTokenLengths(recipe.task === "text-classification");
  const toAdvanced = (
    <Button variant="default" size="xs" onClick={onAdvanced}>
      Show all settings
    </Button>
  );
  const elsewhere = fieldPaths.filter((path) => !shown.includes(path) && !/^augmentation\.|^generation\.(prompts|sampleTokens)$/.test(path) && isChanged(recipe, path)).map(fieldLabel);

  return (
    <>
      <SettingsPanel title="Essentials" help="The defaults suit most data. More epochs when the curves still improve at the end, a lower rate when they jump.">
        {shown.map((path) => (
          <Setting key={path} path={path} />
        ))}
        {recipe.task === "image-classification" && <AugmentationChoice augmentation={recipe.augmentation} onChange={(augmentation) => update({ augmentation })} />}
      </SettingsPanel>
      {recipe.task === "text-generation" && <SamplesSettings />}
      {lengths && cutsMany(lengths) && (
        <Sentence tone="warning" actions={toAdvanced}>
          {`${describeCut(lengths)} The limit is “${fieldLabel("maxTokens")}” under Advanced.`}
        </Sentence>
      )}
      {elsewhere.length > 0 && (
        <Sentence tone="note" actions={toAdvanced}>
          {`Not at ${elsewhere.length === 1 ? "its default" : "their defaults"} under Advanced: ${elsewhere.join(", ")}.`}
        </Sentence>
      )}
    </>
  );
}
