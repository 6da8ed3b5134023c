/**
 * The recipe's fields as controls see them: the line of help, the default and what is allowed, all read from the schema, so
 * that page, command line and documentation say the same.
 */
import { helpOf, type z } from "../../core/zod.ts";
import { augmentationSchema, generationSettingsSchema, headSchema, loraSchema, parseRecipe, recipeSchema, trunkDropoutSchema, type Recipe } from "../../protocol/recipe.ts";

const earlyStoppingSchema = recipeSchema.shape.earlyStopping.def.innerType;
const shapes = { head: headSchema.shape, lora: loraSchema.shape, trunkDropout: trunkDropoutSchema.shape, generation: generationSettingsSchema.shape, earlyStopping: earlyStoppingSchema.shape, augmentation: augmentationSchema.shape };

type Nested = { [Group in keyof typeof shapes]: `${Group}.${keyof (typeof shapes)[Group] & string}` }[keyof typeof shapes];
/** A field that one control sets. */
export type FieldPath = Exclude<keyof Recipe, keyof typeof shapes | "version" | "task" | "model" | "columns" | "split" | "unfreeze"> | Nested;

export type FieldValue<Path extends FieldPath> = Path extends `${infer Group extends keyof typeof shapes}.${infer Name}`
  ? Name extends keyof Recipe[Group]
    ? Recipe[Group][Name]
    : never
  : Path extends keyof Recipe
    ? Recipe[Path]
    : never;


function locate(path: FieldPath): readonly [group: keyof typeof shapes, name: string] | readonly [group: null, name: keyof Recipe] {
  const [group, name] = path.split(".");
  return name === undefined ? [null, group as keyof Recipe] : [group as keyof typeof shapes, name];
}

/** With its defaults still around it. */
export function schemaOf(path: FieldPath): z.ZodMiniType {
  const [group, name] = locate(path);
  return (group === null ? recipeSchema.shape[name] : (shapes[group] as Record<string, z.ZodMiniType>)[name]) as z.ZodMiniType;
}

/** What turning it does, in one line. */
export function fieldHelp(path: FieldPath): string {
  return helpOf(schemaOf(path));
}

export function fieldValue<Path extends FieldPath>(recipe: Recipe, path: Path): FieldValue<Path> {
  const [group, name] = locate(path);
  return (group === null ? recipe[name] : (recipe[group] as Record<string, unknown>)[name]) as FieldValue<Path>;
}

const defaults = new Map<Recipe["task"], Recipe>();

/** Of the recipe's task. */
export function fieldDefault<Path extends FieldPath>({ task }: Pick<Recipe, "task">, path: Path): FieldValue<Path> {
  const known = defaults.get(task) ?? parseRecipe({ task, model: "any" });
  defaults.set(task, known);
  return fieldValue(known, path);
}

export function isDefault(recipe: Recipe, path: FieldPath): boolean {
  return JSON.stringify(fieldValue(recipe, path)) === JSON.stringify(fieldDefault(recipe, path));
}

/** What to give to the recipe's `update`. */
export function fieldPatch<Path extends FieldPath>(recipe: Recipe, path: Path, value: FieldValue<Path>): Partial<Recipe> {
  const [group, name] = locate(path);
  return group === null ? { [name]: value } : { [group]: { ...recipe[group], [name]: value } };
}

function explain(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return issue.inclusive === false ? `Must be more than ${String(issue.minimum)}.` : `Must be ${String(issue.minimum)} or more.`;
    case "too_big":
      return `Must be ${String(issue.maximum)} or less.`;
    case "invalid_type":
      return issue.expected === "int" ? "Must be a whole number." : "Must be a number.";
    default:
      return `${issue.message}.`;
  }
}

/** What is wrong with a value, as a sentence, or null. */
export function fieldProblem(path: FieldPath, value: unknown): string | null {
  const result = schemaOf(path).safeParse(value);
  const issue = result.error?.issues[0];
  return issue ? explain(issue) : null;
}
