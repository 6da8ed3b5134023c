/**
 * The recipe: the one JSON document that says everything about a run. This schema is the single source of the page's
 * controls' defaults, the command line's checks, the types, and the JSON Schema in docs/.
 */
import { described, filled, number, setting, whole, z } from "../core/zod.ts";
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
  text: described(z.string(), "The column with the text."),
  secondText: described(z.optional(z.string()), "A second column of texts that is read together with the first, as a question and its answer."),
  label: described(z.union([z.string(), z.readonly(z.array(z.string()).check(z.minLength(1)))]), "The column with what is to be predicted; for several labels also a list of columns of 0 and 1."),
  target: described(z.optional(z.enum(textTargets)), "What is predicted: one class a row, which is the default, several labels a row, or a number."),
});

const share = number(0, 0.9);

export const augmentationSchema = z.strictObject({
  horizontalFlip: setting(z.boolean(), false, "Mirror images left to right at random. Leave off where left and right mean different things, as in text or X-rays."),
  crop: setting(number(0, 0.5), 0, "Cut up to this share off each side at random. Makes the model less dependent on where the subject stands."),
  rotationDegrees: setting(number(0, 45), 0, "Turn images by up to this many degrees either way."),
  colour: setting(number(0, 0.5), 0, "Vary brightness, contrast and saturation by up to this share."),
  views: setting(whole(1, 16), 4, "How many differently augmented copies of each image are made. More copies vary more and take longer to prepare."),
});
export type Augmentation = z.infer<typeof augmentationSchema>;

const targets = z.array(filled());

export const headSchema = z.strictObject({
  at: setting(filled(), "default", "The value that the new head reads: default, where the model's own classifier was, or the path of any node, such as encoder/layer_1/out."),
  pooling: setting(z.enum(["mean", "max", "first"]), "mean", "How many pixels or tokens become one row of features: their mean, their maximum, or the first token alone. Of no effect where there is one row."),
});

export const loraSchema = z.strictObject({
  enabled: setting(z.boolean(), false, "Learn small adapters (LoRA) beside frozen layers instead of the layers themselves: few parameters to train, and to hand on."),
  rank: setting(whole(1, 256), 8, "The adapters' width. More of it learns more and costs more."),
  alpha: setting(number(0, 1024), 16, "The adapters count alpha / rank. Twice the rank is usual."),
  dropout: setting(number(0, 0.9), 0, "Switches off this share of the adapters' inputs at random. More of it fights overfitting."),
  targets: setting(targets, [], "Patterns of layer paths, such as encoder/**/query, or ** for all. None: the attention's queries and values, or all dense layers, or all convolutions."),
});

export const trunkDropoutSchema = z.strictObject({
  rate: setting(number(0, 0.9), 0, "Switches off this share of the inputs of the trunk's layers at random, from the first layer that learns on."),
  targets: setting(targets, [], "Patterns of layer paths. None: all dense layers, or all convolutions where there are none."),
});

/** Only for text generation. */
export const generationSettingsSchema = z.strictObject({
  contextLength: setting(whole(16, 2048), 128, "How many tokens the model reads at once while it learns. Longer texts are cut into windows of this length; a model that takes fewer cuts there."),
  packing: setting(z.boolean(), true, "Joins short documents to full windows, with the token that ends a text between them. Off, each document stands alone, and the rest of its window is padding."),
  loss: setting(z.enum(["completion", "all"]), "completion", "For pairs and chats: whether the model learns the completions alone, or the prompts as well. Plain text has no prompts, and all of it counts."),
  prompts: setting(z.array(filled()).check(z.maxLength(4)), [], "Up to four beginnings that the model goes on from after every epoch, or messages that it answers where it learns from chats. None: those of held-back texts."),
  sampleTokens: setting(whole(1, 256), 48, "How long these samples become, in tokens."),
});

export const recipeSchema = z.strictObject({
  version: setting(z.literal(1), 1, "The format of this document."),
  task: described(z.enum(taskIds), "What the model is for."),
  model: described(filled(), "The pre-trained model to start from: a name from the catalog, or of an imported model."),
  columns: described(
    z.optional(z.union([textColumnsSchema, z.strictObject({ prompt: described(z.optional(z.string()), "The column that the text follows from."), completion: described(z.string(), "The column with the text to write.") })])),
    "For a CSV: which columns hold the texts and what is to be predicted; for text generation, which the prompt, if any, and which the text to write.",
  ),
  split: z.prefault(
    z.strictObject({
      validation: setting(share, 0.2, "Share of the examples held back to measure progress. Never trained on."),
      test: setting(share, 0, "Share held back until the end, for one last honest figure."),
    }),
    {},
  ),
  unfreeze: setting(
    z.union([z.enum(["head", "last-block", "all"]), z.array(filled())]),
    "head",
    "Which layers learn: only the new head, also the last block, everything, or a list of layer-group patterns such as encoder/layer_1/**.",
  ),
  head: z.prefault(headSchema, {}),
  lora: described(z.prefault(loraSchema, {}), "Low-rank adapters (LoRA). They and the head learn; unfreeze may add more."),
  trunkDropout: z.prefault(trunkDropoutSchema, {}),
  imageSize: setting(whole(32, 512), 224, "Images are scaled to this many pixels a side. Larger sees finer detail and takes longer. A model of fixed size keeps its own."),
  pixelRange: setting(
    z.enum(pixelRanges),
    "-1..1",
    "Only for a model of your own: the pixel values that it was trained on. Keras' mobile models and Teachable Machine use -1..1, models from PyTorch mostly imagenet: 0..1, standardised by ImageNet's mean and deviation.",
  ),
  generation: z.prefault(generationSettingsSchema, {}),
  maxTokens: setting(whole(8, 512), 128, "Longer texts are cut after this many tokens. A model that takes fewer cuts there."),
  epochs: setting(whole(1, 1000), 20, "How many times the model sees every training example."),
  batchSize: setting(whole(1, 1024), 32, "Examples per step. Larger is steadier and needs more memory."),
  optimizer: setting(z.enum(["sgd", "adam", "adamw", "rmsprop"]), "adamw", "How gradients become changes of the weights. AdamW rarely needs tuning."),
  momentum: setting(number(0, 0.999), 0.9, "For SGD and RMSprop: how much of the last change is carried on."),
  learningRate: setting(z.number().check(z.positive(), z.lte(10)), 0.002, "The size of each change. Too high and the loss jumps; too low and nothing happens."),
  trunkLearningRateScale: setting(z.number().check(z.positive(), z.lte(1)), 0.1, "The pre-trained layers learn at this share of the learning rate, so that they are not forgotten."),
  schedule: setting(z.enum(["constant", "cosine", "one-cycle", "plateau"]), "cosine", "How the learning rate changes during the run."),
  warmUp: setting(number(0, 0.5), 0.1, "Share of the run during which the learning rate rises to its full size."),
  weightDecay: setting(number(0, 1), 0.01, "Pulls weights towards zero. More of it fights overfitting."),
  dropout: setting(number(0, 0.9), 0.1, "Switches off this share of the features before the head at random. More of it fights overfitting."),
  labelSmoothing: setting(number(0, 0.5), 0, "Asks for a little less certainty. Helps where labels are noisy."),
  classWeights: setting(z.enum(["none", "balanced"]), "none", "Balanced makes rare classes count as much as common ones."),
  gradientClipNorm: setting(number(0, 100), 1, "Shortens gradients longer than this. 0 switches it off."),
  gradientAccumulation: setting(whole(1, 64), 1, "Adds up the gradients of this many batches before each change: a larger batch without the memory."),
  recomputeActivations: setting(z.boolean(), false, "Computes the layers' values a second time instead of keeping them: the same run in less memory, and about a third slower."),
  earlyStopping: z.prefault(
    z.strictObject({
      enabled: setting(z.boolean(), true, "Stop when the model no longer gets better on the validation examples."),
      metric: setting(z.enum(["validation-loss", "validation-accuracy"]), "validation-loss", "What has to get better."),
      patience: setting(whole(1, 100), 5, "How many epochs without improvement to wait for."),
      restoreBest: setting(z.boolean(), true, "Go back to the weights of the best epoch at the end."),
    }),
    {},
  ),
  augmentation: described(z.prefault(augmentationSchema, {}), "Random changes to training images. All off by default."),
  seed: setting(whole(0, 4294967295), 1, "The same recipe and seed on the same backend give the same run, bit for bit."),
  backend: setting(z.enum(["auto", ...backendNames]), "auto", "Where to compute. Automatic measures what this device does best."),
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
