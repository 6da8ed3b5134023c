/** A setting of the recipe in the store. */
import type { ReactNode } from "react";
import { useRecipe } from "../../../store/recipe.ts";
import { SettingField } from "../../../ui/settings/SettingField.tsx";
import { fieldDefault, fieldPatch, fieldValue, type FieldPath } from "../../../ui/settings/fields.ts";

interface SettingProps {
  readonly path: FieldPath;
  readonly disabled?: boolean;
  readonly children?: ReactNode;
}

export function Setting({ path, disabled, children }: SettingProps) {
  const value = useRecipe(({ recipe }) => fieldValue(recipe, path));
  const task = useRecipe(({ recipe }) => recipe.task);
  return (
    <SettingField
      path={path}
      value={value}
      fallback={fieldDefault({ task }, path)}
      disabled={disabled}
      onChange={(next) => {
        const { recipe, update } = useRecipe.getState();
        update(fieldPatch(recipe, path, next));
      }}
    >
      {children}
    </SettingField>
  );
}
