/** Augmentation as one choice of three; a mixture of one's own shows as none of them. */
import { SegmentedControl } from "@mantine/core";
import type { Augmentation } from "../../protocol/recipe.ts";
import { FieldRow } from "../primitives/FieldRow.tsx";
import { augmentationPresets, presetIds, presetOf, withPreset } from "./augmentation-presets.ts";
import classes from "./settings.module.css";

interface AugmentationChoiceProps {
  readonly augmentation: Augmentation;
  readonly onChange: (augmentation: Augmentation) => void;
}

export function AugmentationChoice({ augmentation, onChange }: AugmentationChoiceProps) {
  const preset = presetOf(augmentation);
  return (
    <div className={classes.setting}>
      <FieldRow
        label="Augmentation"
        help={
          <>
            {preset === undefined ? "A mixture of your own, made under Advanced." : augmentationPresets[preset].help}{" "}
            {preset !== "none" && augmentation.horizontalFlip && "Not where left and right mean different things. "}
            <span className={classes.fallback}>Default: None.</span>
          </>
        }
      >
        {({ "aria-labelledby": labelledBy, "aria-describedby": describedBy }) => (
          <SegmentedControl
            fullWidth
            aria-labelledby={labelledBy}
            aria-describedby={describedBy}
            value={preset ?? ""}
            onChange={(value) => {
              const chosen = presetIds.find((id) => id === value);
              if (chosen) onChange(withPreset(augmentation, chosen));
            }}
            data={presetIds.map((id) => ({ value: id, label: augmentationPresets[id].name }))}
          />
        )}
      </FieldRow>
    </div>
  );
}
