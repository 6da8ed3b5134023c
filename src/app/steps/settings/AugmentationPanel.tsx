/** Augmentation's knobs, and what they do to a real training image. */
import { useRecipe } from "../../../store/recipe.ts";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { AugmentationPreview } from "../../../ui/settings/AugmentationPreview.tsx";
import { SettingsPanel } from "../../../ui/settings/SettingsPanel.tsx";
import { presetOf } from "../../../ui/settings/augmentation-presets.ts";
import { Setting } from "./Setting.tsx";
import { useAugmentationPreview } from "./useAugmentationPreview.ts";

const mostViews = 6;

export function AugmentationPanel() {
  const augmentation = useRecipe(({ recipe }) => recipe.augmentation);
  const seed = useRecipe(({ recipe }) => recipe.seed);
  const count = presetOf(augmentation) === "none" ? 0 : Math.min(mostViews, augmentation.views);
  const { item, original, views, busy, error, another } = useAugmentationPreview({ augmentation, seed, count });

  return (
    <SettingsPanel
      title="Augmentation"
      help="Random changes to the training images. With few images they keep the model from learning each by heart."
      below={error ? <Sentence sentence={error} /> : <AugmentationPreview name={item?.name ?? null} original={original} views={views} count={count} busy={busy} onAnother={another} />}
    >
      <Setting path="augmentation.horizontalFlip" />
      <Setting path="augmentation.crop" />
      <Setting path="augmentation.rotationDegrees" />
      <Setting path="augmentation.colour" />
      <Setting path="augmentation.views" disabled={count === 0} />
    </SettingsPanel>
  );
}
