/**
 * The recipe: the one JSON document that says everything about a run. This schema is the single source of the page's
 * controls' defaults, the command line's checks, the types, and the JSON Schema in docs/.
 */
import { z } from "../core/zod.ts";
import { backendNames, type BackendName } from "../core/backends.ts";
import { GraftError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";

export const taskIds = ["image-classification", "text-classification", "text-generation"] as const;
export type TaskId = (typeof taskIds)[number];

export { backendNames, type BackendName };

const pixelRanges = ["-1..1", "0..1", "0..255", "imagenet"] as const;
export type PixelRange = (typeof pixelRanges)[number];

export const textTargets = ["single-label", "multi-label", "regression"] as const;
export type TextTarget = (typeof textTargets)[number];

const textColumnsSchema = z.strictObject({
  text: z.string().describe("The column with the text."),
  secondText: z.string().optional().describe("A second column of texts that is read together with the first, as a question and its answer."),
  label: z.union([z.string(), z.array(z.string()).min(1).readonly()]).describe("The column with what is to be predicted; for several labels also a list of columns of 0 and 1."),
  target: z.enum(textTargets).optional().describe("What is predicted: one class a row, which is the default, several labels a row, or a number."),
});

const share = z.number().min(0).max(0.9);

export const augmentationSchema = z.strictObject({
  horizontalFlip: z.boolean().default(false).describe("Mirror images left to right at random. Leave off where left and right mean different things, as in text or X-rays."),
  crop: z.number().min(0).max(0.5).default(0).describe("Cut up to this share off each side at random. Makes the model less dependent on where the subject stands."),
  rotationDegrees: z.number().min(0).max(45).default(0).describe("Turn images by up to this many degrees either way."),
  colour: z.number().min(0).max(0.5).default(0).describe("Vary brightness, contrast and saturation by up to this share."),
  views: z.int().min(1).max(16).default(4).describe("How many differently augmented copies of each image are made. More copies vary more and take longer to prepare."),
});
export type Augmentation = z.infer<typeof augmentationSchema>;

const targets = z.array(z.string().min(1)).default([]);

export const headSchema = z.strictObject({
  at: z.string().min(1).default("default").describe("The value that the new head reads: default, where the model's own classifier was, or the path of any node, such as encoder/layer_1/out."),
  pooling: z.enum(["mean", "max", "first"]).default("mean").describe("How many pixels or tokens become one row of features: their mean, their maximum, or the first token alone. Of no effect where there is one row."),
});

export const loraSchema = z.strictObject({
  enabled: z.boolean().default(false).describe("Learn small adapters (LoRA) beside frozen layers instead of the layers themselves: few parameters to train, and to hand on."),
  rank: z.int().min(1).max(256).default(8).describe("The adapters' width. More of it learns more and costs more."),
  alpha: z.number().min(0).max(1024).default(16).describe("The adapters count alpha / rank. Twice the rank is usual."),
  dropout: z.number().min(0).max(0.9).default(0).describe("Switches off this share of the adapters' inputs at random. More of it fights overfitting."),
  targets: targets.describe("Patterns of layer paths, such as encoder/**/query, or ** for all. None: the attention's queries and values, or all dense layers, or all convolutions."),
});

export const trunkDropoutSchema = z.strictObject({
  rate: z.number().min(0).max(0.9).default(0).describe("Switches off this share of the inputs of the trunk's layers at random, from the first layer that learns on."),
  targets: targets.describe("Patterns of layer paths. None: all dense layers, or all convolutions where there are none."),
});

/** Only for text generation. */
export const generationSettingsSchema = z.strictObject({
  contextLength: z.int().min(16).max(2048).default(128).describe("How many tokens the model reads at once while it learns. Longer texts are cut into windows of this length; a model that takes fewer cuts there."),
  packing: z.boolean().default(true).describe("Joins short documents to full windows, with the token that ends a text between them. Off, each document stands alone, and the rest of its window is padding."),
  loss: z.enum(["completion", "all"]).default("completion").describe("For pairs and chats: whether the model learns the completions alone, or the prompts as well. Plain text has no prompts, and all of it counts."),
  prompts: z.array(z.string().min(1)).max(4).default([]).describe("Up to four beginnings that the model goes on from after every epoch, or messages that it answers where it learns from chats. None: those of held-back texts."),
  sampleTokens: z.int().min(1).max(256).default(48).describe("How long these samples become, in tokens."),
});

export const recipeSchema = z.strictObject({
  version: z.literal(1).default(1).describe("The format of this document."),
  task: z.enum(taskIds).describe("What the model is for."),
  model: z.string().min(1).describe("The pre-trained model to start from: a name from the catalog, or of an imported model."),
  columns: z
    .union([textColumnsSchema, z.strictObject({ prompt: z.string().optional().describe("The column that the text follows from."), completion: z.string().describe("The column with the text to write.") })])
    .optional()
    .describe("For a CSV: which columns hold the texts and what is to be predicted; for text generation, which the prompt, if any, and which the text to write."),
  split: z
    .strictObject({
      validation: share.default(0.2).describe("Share of the examples held back to measure progress. Never trained on."),
      test: share.default(0).describe("Share held back until the end, for one last honest figure."),
    })
    .prefault({}),
  unfreeze: z
    .union([z.enum(["head", "last-block", "all"]), z.array(z.string().min(1))])
    .default("head")
    .describe("Which layers learn: only the new head, also the last block, everything, or a list of layer-group patterns such as encoder/layer_1/**."),
  head: headSchema.prefault({}),
  lora: loraSchema.prefault({}).describe("Low-rank adapters (LoRA). They and the head learn; unfreeze may add more."),
  trunkDropout: trunkDropoutSchema.prefault({}),
  imageSize: z.int().min(32).max(512).default(224).describe("Images are scaled to this many pixels a side. Larger sees finer detail and takes longer. A model of fixed size keeps its own."),
  pixelRange: z
    .enum(pixelRanges)
    .default("-1..1")
    .describe("Only for a model of your own: the pixel values that it was trained on. Keras' mobile models and Teachable Machine use -1..1, models from PyTorch mostly imagenet: 0..1, standardised by ImageNet's mean and deviation."),
  generation: generationSettingsSchema.prefault({}),
  maxTokens: z.int().min(8).max(512).default(128).describe("Longer texts are cut after this many tokens. A model that takes fewer cuts there."),
  epochs: z.int().min(1).max(1000).default(20).describe("How many times the model sees every training example."),
  batchSize: z.int().min(1).max(1024).default(32).describe("Examples per step. Larger is steadier and needs more memory."),
  optimizer: z.enum(["sgd", "adam", "adamw", "rmsprop"]).default("adamw").describe("How gradients become changes of the weights. AdamW rarely needs tuning."),
  momentum: z.number().min(0).max(0.999).default(0.9).describe("For SGD and RMSprop: how much of the last change is carried on."),
  learningRate: z.number().positive().max(10).default(0.002).describe("The size of each change. Too high and the loss jumps; too low and nothing happens."),
  trunkLearningRateScale: z.number().positive().max(1).default(0.1).describe("The pre-trained layers learn at this share of the learning rate, so that they are not forgotten."),
  schedule: z.enum(["constant", "cosine", "one-cycle", "plateau"]).default("cosine").describe("How the learning rate changes during the run."),
  warmUp: z.number().min(0).max(0.5).default(0.1).describe("Share of the run during which the learning rate rises to its full size."),
  weightDecay: z.number().min(0).max(1).default(0.01).describe("Pulls weights towards zero. More of it fights overfitting."),
  dropout: z.number().min(0).max(0.9).default(0.1).describe("Switches off this share of the features before the head at random. More of it fights overfitting."),
  labelSmoothing: z.number().min(0).max(0.5).default(0).describe("Asks for a little less certainty. Helps where labels are noisy."),
  classWeights: z.enum(["none", "balanced"]).default("none").describe("Balanced makes rare classes count as much as common ones."),
  gradientClipNorm: z.number().min(0).max(100).default(1).describe("Shortens gradients longer than this. 0 switches it off."),
  gradientAccumulation: z.int().min(1).max(64).default(1).describe("Adds up the gradients of this many batches before each change: a larger batch without the memory."),
  recomputeActivations: z.boolean().default(false).describe("Computes the layers' values a second time instead of keeping them: the same run in less memory, and about a third slower."),
  earlyStopping: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Stop when the model no longer gets better on the validation examples."),
      metric: z.enum(["validation-loss", "validation-accuracy"]).default("validation-loss").describe("What has to get better."),
      patience: z.int().min(1).max(100).default(5).describe("How many epochs without improvement to wait for."),
      restoreBest: z.boolean().default(true).describe("Go back to the weights of the best epoch at the end."),
    })
    .prefault({}),
  augmentation: augmentationSchema.prefault({}).describe("Random changes to training images. All off by default."),
  seed: z.int().min(0).max(4294967295).default(1).describe("The same recipe and seed on the same backend give the same run, bit for bit."),
  backend: z.enum(["auto", ...backendNames]).default("auto").describe("Where to compute. Automatic measures what this device does best."),
});

/**
 * Where a task does better with other defaults than the schema's. There is no new head in a model that writes, and it learns in few
 * epochs; adapters in all its layers reach most of what its layers themselves do, those in the attention alone about half.
 */
export const defaultsByTask: Partial<Record<TaskId, Readonly<Partial<z.input<typeof recipeSchema>>>>> = {
  "text-generation": { unfreeze: "all", epochs: 4, batchSize: 8, learningRate: 0.005, trunkLearningRateScale: 0.12, lora: { targets: ["**"] } },
};

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

/** What is not written takes the task's own default, in objects within it as well. */
function withOwnDefaults(written: { readonly task?: unknown }): object {
  const own = (typeof written.task === "string" && Object.hasOwn(defaultsByTask, written.task) && defaultsByTask[written.task as TaskId]) || {};
  const within = Object.entries(written).map(([name, value]) => {
    const ofTask = Object.hasOwn(own, name) ? own[name as keyof typeof own] : undefined;
    return [name, isObject(ofTask) && isObject(value) ? { ...ofTask, ...value } : value];
  });
  return { ...own, ...(Object.fromEntries(within) as object) };
}

/** A recipe with every default filled in. */
export type Recipe = z.output<typeof recipeSchema>;
/** What a person may write: only `task` and `model` are required. */
export type RecipeInput = z.input<typeof recipeSchema>;

/**
 * Checks and completes a recipe.
 * @throws GraftError naming the first field that is wrong.
 */
export function parseRecipe(value: unknown, where = "recipe"): Recipe {
  const result = recipeSchema.safeParse(isObject(value) ? withOwnDefaults(value) : value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw new GraftError({
    where: field ? `${where}, field "${field}"` : where,
    what: issue?.message ?? "not a recipe",
    next: "docs/recipe.md lists every field with its values.",
  });
}

/** The same recipe for another task: what was at the old task's default goes to the new one's. */
export function recipeForTask(recipe: Recipe, task: TaskId): Recipe {
  if (task === recipe.task) return recipe;
  const [from, to] = [recipe.task, task].map((each): Readonly<Record<string, unknown>> => parseRecipe({ task: each, model: recipe.model })) as [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
  const entries = Object.entries(recipe).map(([name, value]) => [name, JSON.stringify(value) === JSON.stringify(from[name]) ? to[name] : value]);
  return { ...(Object.fromEntries(entries) as Recipe), task };
}

/** A recipe with every field written out has two thousand characters; lists of layers are what can be long. */
export const longestRecipe = { bytes: 1_000_000, words: "a recipe of at most a million characters" };

/**
 * A recipe out of the text of a file: whoever wrote it.
 * @throws GraftError naming the file, and the field where one is wrong.
 */
export function readRecipe(text: string, where: string, { overrides = {}, next = "Choose a recipe.json, as Graft writes it" }: { readonly overrides?: Readonly<Record<string, unknown>>; readonly next?: string } = {}): Recipe {
  const value = parseJson(text, where, { longest: longestRecipe, next });
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new GraftError({ where, what: "this is JSON, but not a recipe", wanted: 'an object with at least "task" and "model"' });
  return parseRecipe({ ...value, ...overrides }, where);
}

/** JSON Schema of a recipe as a person may write it. */
export function recipeJsonSchema(): unknown {
  return z.toJSONSchema(recipeSchema, { io: "input" });
}
