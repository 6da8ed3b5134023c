/** What only a model that writes has to be told: how much it reads at once, what counts, and what it is asked to write meanwhile. */
import type { DataSummary } from "../../../protocol/data.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { PromptsEditor } from "../../../ui/generation/PromptsEditor.tsx";
import { FieldRow } from "../../../ui/primitives/FieldRow.tsx";
import { SettingsPanel } from "../../../ui/settings/SettingsPanel.tsx";
import { fieldLabel } from "../../../ui/settings/controls.ts";
import { fieldHelp } from "../../../ui/settings/fields.ts";
import classes from "../../../ui/settings/settings.module.css";
import { Setting } from "./Setting.tsx";

export function WritingSettings({ summary }: { readonly summary: DataSummary }) {
  return (
    <>
      <SettingsPanel title="Texts" help="How the model gets to read your texts. A token is a word or a piece of one, about four characters.">
        <Setting path="generation.contextLength" />
        <Setting path="generation.packing" />
        {summary.corpus?.format !== "text" && <Setting path="generation.loss" />}
      </SettingsPanel>
      <SamplesSettings />
    </>
  );
}

/** Also among the few settings that are shown to everybody. */
export function SamplesSettings() {
  const prompts = useRecipe(({ recipe }) => recipe.generation.prompts);
  return (
    <SettingsPanel title="Samples" help="What the model is asked to write after every epoch, so that one sees the style arrive.">
      <div className={classes.setting}>
        <FieldRow label={fieldLabel("generation.prompts")} help={fieldHelp("generation.prompts")}>
          {(field) => (
            <PromptsEditor
              field={field}
              prompts={prompts}
              onChange={(next) => {
                const { recipe, update } = useRecipe.getState();
                update({ generation: { ...recipe.generation, prompts: [...next] } });
              }}
            />
          )}
        </FieldRow>
      </div>
      <Setting path="generation.sampleTokens" />
    </SettingsPanel>
  );
}
