/** Step three: how the model is trained. A few settings for most, all of them for those who want them. */
import { Button, SegmentedControl } from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import type { DataSummary } from "../../../protocol/data.ts";
import { openSummary, useData } from "../../../store/data.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { useSession } from "../../../store/session.ts";
import { StepPage } from "../../../ui/primitives/StepPage.tsx";
import { RecipePanel } from "../../../ui/settings/RecipePanel.tsx";
import { UndoNotice } from "../../../ui/primitives/UndoNotice.tsx";
import { fieldPaths, isChanged } from "../../../ui/settings/controls.ts";
import { recipeText } from "../../../ui/settings/recipe-json.ts";
import { BeginsWith } from "../BeginsWith.tsx";
import { AdvancedSettings } from "./AdvancedSettings.tsx";
import { SimpleSettings } from "./SimpleSettings.tsx";
import { useMode } from "./useMode.ts";
import { useRecipeFiles } from "./useRecipeFiles.ts";

function Settings({ summary }: { readonly summary: DataSummary }) {
  const recipe = useRecipe((state) => state.recipe);
  const goTo = useSession((state) => state.goTo);
  const [mode, choose] = useMode();
  const { error, replaced, resetAll, open, undo, dismiss, save } = useRecipeFiles(summary);
  const changed = fieldPaths.some((path) => isChanged(recipe, path));

  return (
    <StepPage
      title="Settings"
      lead="How the model learns. The defaults are good; whatever you change can be set back."
      actions={
        <>
          <Button variant="subtle" disabled={!changed} leftSection={<IconRestore size={16} stroke={1.75} aria-hidden />} onClick={resetAll}>
            Reset all
          </Button>
          <SegmentedControl
            aria-label="How much is shown"
            value={mode}
            onChange={(value) => choose(value === "advanced" ? "advanced" : "simple")}
            data={[
              { value: "simple", label: "Simple" },
              { value: "advanced", label: "Advanced" },
            ]}
          />
        </>
      }
      next={{ label: "Continue to Train", onNext: () => goTo("train") }}
    >
      <BeginsWith />
      {mode === "simple" ? <SimpleSettings onAdvanced={() => choose("advanced")} /> : <AdvancedSettings summary={summary} />}
      <RecipePanel json={recipeText(recipe)} error={error} onDownload={save} onFile={(file) => void open(file)} />
      <UndoNotice what={replaced} onUndo={undo} onDismiss={dismiss} />
    </StepPage>
  );
}

/** The shell opens this step only with data; while it is replaced, the last open data counts. */
export function SettingsStep() {
  const summary = useData(openSummary);
  return summary && <Settings summary={summary} />;
}
