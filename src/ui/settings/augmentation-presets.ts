/** Augmentation as one choice, for those who do not want to turn each knob. */
import type { Augmentation } from "../../protocol/recipe.ts";

type Changes = Omit<Augmentation, "views">;

interface Preset {
  readonly name: string;
  readonly help: string;
  readonly changes: Changes;
}

export const augmentationPresets = {
  none: { name: "None", help: "Images are used as they are.", changes: { horizontalFlip: false, crop: 0, rotationDegrees: 0, colour: 0 } },
  gentle: {
    name: "Gentle",
    help: "Images are mirrored, and cut, turned and coloured a little differently. Helps with few images.",
    changes: { horizontalFlip: true, crop: 0.1, rotationDegrees: 5, colour: 0.1 },
  },
  strong: {
    name: "Strong",
    help: "As gentle, but more of each. For very few images, or photos taken under varying conditions.",
    changes: { horizontalFlip: true, crop: 0.25, rotationDegrees: 15, colour: 0.3 },
  },
} as const satisfies Record<string, Preset>;

export type PresetId = keyof typeof augmentationPresets;
export const presetIds = Object.keys(augmentationPresets) as readonly PresetId[];

/** Which preset it is, if one; the number of views is not part of it. */
export function presetOf(augmentation: Augmentation): PresetId | undefined {
  return presetIds.find((id) => {
    const { changes } = augmentationPresets[id];
    return (Object.keys(changes) as (keyof Changes)[]).every((name) => changes[name] === augmentation[name]);
  });
}

export function withPreset(augmentation: Augmentation, id: PresetId): Augmentation {
  return { ...augmentation, ...augmentationPresets[id].changes };
}
