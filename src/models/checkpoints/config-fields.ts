/**
 * What the config.json of an image classifier says in the same way for every family: its classes, its head, and the fields in which
 * a family has no choice. What only training does (dropout, drop path) is the recipe's business and is not read.
 */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";

/** The value of a field for which the family has these alone. @throws GraftError naming the field and what it may be. */
export function oneOf<Value extends string | number | boolean>(field: JsonCursor, fallback: Value, allowed: readonly Value[]): Value {
  const value = field.isMissing ? fallback : field.value;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw field.wrong(allowed.map((candidate) => JSON.stringify(candidate)).join(" or "));
  return found;
}

/** No network is larger than this in any direction; a config that says so is damaged. */
const largestSize = 2 ** 24;
const mostLayers = 1000;

/** A whole number from 1 to `largest`. */
export function count(field: JsonCursor, fallback: number, largest = largestSize): number {
  const value = field.isMissing ? fallback : field.integer(1);
  if (value > largest) throw field.wrong(`a whole number of at most ${largest}`);
  return value;
}

export function layerCount(field: JsonCursor, fallback: number): number {
  return count(field, fallback, mostLayers);
}

export function counts(field: JsonCursor, fallback: readonly number[], largest = largestSize): readonly number[] {
  return field.isMissing ? fallback : field.items().map((item) => count(item, 1, largest));
}

/** Layers of each stage. */
export function layerCounts(field: JsonCursor, fallback: readonly number[]): readonly number[] {
  return counts(field, fallback, mostLayers);
}

/** As transformers counts them: by `id2label`, else `num_labels`, else 2. */
export function classesOf(config: JsonCursor): number {
  const labels = config.get("id2label");
  return labels.isMissing ? count(config.get("num_labels"), 2) : labels.entries().length;
}

/**
 * Which of the family's classes the checkpoint was saved from, by what follows its name: `ForImageClassification`, where the config
 * does not say, or `Model`, a trunk without a head.
 * @throws GraftError for any other, which would compute something else.
 */
export function architectureOf<Kind extends string>(config: JsonCursor, family: string, kinds: readonly Kind[]): Kind | "Model" | "ForImageClassification" {
  const known = ["Model", "ForImageClassification", ...kinds] as const;
  const field = config.get("architectures");
  const first = field.isMissing ? undefined : field.items()[0];
  if (first === undefined) return "ForImageClassification";
  const found = known.find((kind) => first.value === `${family}${kind}`);
  if (found === undefined) throw first.wrong(known.map((kind) => `${family}${kind}`).join(" or "));
  return found;
}

/**
 * The config of a timm checkpoint: which network, and how many classes its head has (0: no head).
 * @throws GraftError if it asks for changes to the network, or for images that are not RGB.
 */
export function timmConfig(config: JsonCursor): { readonly architecture: string; readonly classes: number } {
  const changes = config.get("model_args");
  if (!changes.isMissing && changes.entries().length > 0) {
    throw new GraftError({ where: changes.where, what: `it changes ${changes.entries().map(([name]) => `"${name}"`).join(", ")}`, wanted: "the network as it was published" });
  }
  const published = config.get("pretrained_cfg");
  const inputSize = published.get("input_size");
  if (!inputSize.isMissing) oneOf(inputSize.items()[0] ?? inputSize, 3, [3]);
  const classes = config.get("num_classes").isMissing ? published.get("num_classes") : config.get("num_classes");
  return { architecture: config.get("architecture").string(), classes: classes.isMissing ? 1000 : classes.integer(0) };
}
