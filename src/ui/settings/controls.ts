/** How each setting is named and turned: its label, the kind of control that its schema asks for, and its choices' names. */
import { rangeOf, withoutDefault, z } from "../../core/zod.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { Typed } from "../primitives/number-range.ts";
import { fieldDefault, fieldPatch, fieldProblem, isDefault, schemaOf, type FieldPath, type FieldValue } from "./fields.ts";

/** In the order of the schema. */
const labels: Readonly<Record<FieldPath, string>> = {
  "head.at": "Head at",
  "head.pooling": "Pooling",
  "lora.enabled": "Adapters",
  "lora.rank": "Rank",
  "lora.alpha": "Alpha",
  "lora.dropout": "Adapter dropout",
  "lora.targets": "Adapted layers",
  "trunkDropout.rate": "Trunk dropout",
  "trunkDropout.targets": "Dropout before",
  imageSize: "Image size",
  pixelRange: "Pixel range",
  "generation.contextLength": "Context",
  "generation.packing": "Packing",
  "generation.loss": "Learn from",
  "generation.prompts": "Sample prompts",
  "generation.sampleTokens": "Sample length",
  maxTokens: "Longest text",
  epochs: "Epochs",
  batchSize: "Batch size",
  optimizer: "Optimizer",
  momentum: "Momentum",
  learningRate: "Learning rate",
  trunkLearningRateScale: "Trunk share",
  schedule: "Schedule",
  warmUp: "Warm-up",
  weightDecay: "Weight decay",
  dropout: "Dropout",
  labelSmoothing: "Label smoothing",
  classWeights: "Class weights",
  gradientClipNorm: "Gradient clipping",
  gradientAccumulation: "Gradient accumulation",
  recomputeActivations: "Save memory",
  "earlyStopping.enabled": "Early stopping",
  "earlyStopping.metric": "Metric",
  "earlyStopping.patience": "Patience",
  "earlyStopping.restoreBest": "Restore best",
  "augmentation.horizontalFlip": "Horizontal flip",
  "augmentation.crop": "Crop",
  "augmentation.rotationDegrees": "Rotation",
  "augmentation.colour": "Colour",
  "augmentation.views": "Views",
  seed: "Seed",
  backend: "Backend",
};

export const fieldPaths = Object.keys(labels) as readonly FieldPath[];

export function fieldLabel(path: FieldPath): string {
  return labels[path];
}

type Choice = Extract<FieldValue<Exclude<FieldPath, "head.at">>, string>;

const choiceLabels: Readonly<Record<Choice, string>> = {
  mean: "Mean",
  max: "Maximum",
  first: "First token",
  sgd: "SGD",
  adam: "Adam",
  adamw: "AdamW",
  rmsprop: "RMSprop",
  constant: "Constant",
  cosine: "Cosine",
  "one-cycle": "One-cycle",
  plateau: "Reduce on plateau",
  none: "None",
  balanced: "Balanced",
  "validation-loss": "Validation loss",
  "validation-accuracy": "Validation accuracy",
  completion: "Completions",
  all: "All of it",
  auto: "Automatic",
  webgpu: "WebGPU",
  wasm: "WebAssembly",
  cpu: "Plain JavaScript",
  "-1..1": "-1 to 1",
  imagenet: "ImageNet mean and deviation",
  "0..1": "0 to 1",
  "0..255": "0 to 255",
};

export function choiceLabel(choice: Choice): string {
  return choiceLabels[choice];
}

/** A value as a person reads it. */
export function formatField(value: FieldValue<FieldPath>): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "object") return value.length === 0 ? "automatic" : value.join(", ");
  return typeof value === "number" ? String(value) : (choiceLabels as Readonly<Record<string, string>>)[value] ?? value;
}

export type Control =
  | { readonly kind: "number"; readonly integer: boolean; readonly min: number; readonly max: number }
  | { readonly kind: "switch" }
  /** `list`: several texts with commas between them. */
  | { readonly kind: "text"; readonly list: boolean }
  | { readonly kind: "choice"; readonly options: readonly { readonly value: string; readonly label: string }[] };

function controlOf(path: FieldPath): Control {
  const schema = withoutDefault(schemaOf(path));
  if (schema instanceof z.ZodMiniBoolean) return { kind: "switch" };
  if (schema instanceof z.ZodMiniString || schema instanceof z.ZodMiniArray) return { kind: "text", list: schema instanceof z.ZodMiniArray };
  if (schema instanceof z.ZodMiniEnum) return { kind: "choice", options: schema.options.map((value) => ({ value: String(value), label: choiceLabel(value as Choice) })) };
  const range = rangeOf(schema);
  if (range) return { kind: "number", integer: range.whole, min: range.min, max: range.max };
  throw new Error(`The recipe's field ${path} has no control: give its schema a range, or its kind a control here`);
}

const controls = new Map(fieldPaths.map((path) => [path, controlOf(path)]));

export function fieldControl(path: FieldPath): Control {
  return controls.get(path) ?? controlOf(path);
}

/** The number that was typed, `0.002` and `2e-3` alike, or what is wrong with it. */
export function parseTyped(path: FieldPath, text: string): Typed {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  const problem = fieldProblem(path, value);
  return problem === null ? { value, problem } : { problem };
}

export function isChanged(recipe: Recipe, path: FieldPath): boolean {
  return !isDefault(recipe, path);
}

/** The settings at their defaults; data, model and layers stay as they were chosen. */
export function defaultSettings(recipe: Recipe): Recipe {
  return fieldPaths.reduce((reset, path) => ({ ...reset, ...fieldPatch(reset, path, fieldDefault(recipe, path)) }), recipe);
}
