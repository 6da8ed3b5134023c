/** In which settings recipes differ: what two runs have in common explains nothing about their curves. Pure. */
import type { Recipe } from "../../protocol/recipe.ts";
import { fieldLabel, fieldPaths } from "../settings/controls.ts";

export interface Difference {
  readonly path: string;
  readonly label: string;
  /** One for each recipe, in their order. */
  readonly values: readonly string[];
}

const otherLabels: Readonly<Record<string, string>> = { model: "Model", unfreeze: "Layers that learn", "split.validation": "Validation share", "split.test": "Test share", columns: "Columns" };

/** A list, or an object of columns, is one setting. */
function settingsOf(recipe: Recipe): ReadonlyMap<string, unknown> {
  const settings = new Map<string, unknown>();
  for (const [name, value] of Object.entries(recipe)) {
    if (typeof value !== "object" || Array.isArray(value) || name === "columns") settings.set(name, value);
    else for (const [inner, innerValue] of Object.entries(value)) settings.set(`${name}.${inner}`, innerValue);
  }
  return settings;
}

function labelOf(path: string): string {
  const field = fieldPaths.find((known) => known === path);
  return otherLabels[path] ?? (field && fieldLabel(field)) ?? path;
}

function shown(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Nothing for fewer than two. */
export function differences(recipes: readonly Recipe[]): readonly Difference[] {
  const all = recipes.map(settingsOf);
  const paths = [...new Set(all.flatMap((settings) => [...settings.keys()]))];
  return paths.flatMap((path) => {
    const values = all.map((settings) => shown(settings.get(path)));
    return values.every((value) => value === values[0]) ? [] : [{ path, label: labelOf(path), values }];
  });
}
