/** Images as model inputs: decoded to the run's size, in augmented views where the recipe asks for them. */
import { GraftError } from "../../core/errors.ts";
import { Rng } from "../../core/rng.ts";
import { augment } from "../../data/augmentation.ts";
import { ImageDataset } from "../../data/dataset.ts";
import { decodeImage } from "../../data/image.ts";
import type { Augmentation } from "../../protocol/recipe.ts";
import type { EncodedExample, ExampleSource } from "../../train/examples.ts";
import { graftClassifier } from "../classification/head.ts";
import { classesOf, labelsOf, prepareClassification } from "../classification/prepare.ts";
import { answerOf } from "../classification/results.ts";
import type { TaskEngine } from "../engine.ts";

/** Decoded pixels are kept up to this size, for runs whose trunk is not cached. */
const keptPixelBytes = 256 * 2 ** 20;

export const imageClassificationEngine: TaskEngine = {
  id: "image-classification",
  classes: classesOf,
  graft: graftClassifier,

  prepare({ recipe, dataset, input }) {
    if (input.kind !== "image" || !(dataset instanceof ImageDataset)) throw wrongModel(recipe.model);
    return prepareClassification(recipe, dataset, imageSource(dataset, { inputName: input.name, size: input.size ?? recipe.imageSize, augmentation: recipe.augmentation, seed: recipe.seed }));
  },

  predictor: {
    async encode(value, input, recipe) {
      if (value.kind !== "image" || input.kind !== "image") throw wrongModel(recipe.model);
      const size = input.size ?? recipe.imageSize;
      return { data: await decodeImage(value.blob, size, "the image"), shape: [size, size, 3] };
    },
    answer: answerOf,
  },
};

interface ImageSourceOptions {
  readonly inputName: string;
  readonly size: number;
  readonly augmentation: Augmentation;
  readonly seed: number;
}

function imageSource(dataset: ImageDataset, { inputName, size, augmentation, seed }: ImageSourceOptions): ExampleSource {
  const labels = labelsOf(dataset);
  const kept = new Map<number, Uint8Array>();
  const root = new Rng(seed).fork("augmentation");
  const pixels = async (example: number): Promise<Uint8Array> => {
    const known = kept.get(example);
    if (known) return known;
    const decoded = await dataset.pixels(example, size);
    if ((kept.size + 1) * decoded.byteLength <= keptPixelBytes) kept.set(example, decoded);
    return decoded;
  };
  return {
    inputName,
    dtype: "float32",
    augmentedViews: isAugmented(augmentation) ? augmentation.views : 0,
    bucket: () => size,
    async encode(example, view): Promise<EncodedExample> {
      const plain = await pixels(example);
      return { data: view === 0 ? plain : augment(plain, size, augmentation, root.fork(`${example}/${view}`)), shape: [size, size, 3] };
    },
    targetDtype: "int32",
    target: (example) => ({ data: Int32Array.of(labels.get(example) ?? 0), shape: [] }),
  };
}

function isAugmented({ horizontalFlip, crop, rotationDegrees, colour }: Augmentation): boolean {
  return horizontalFlip || crop > 0 || rotationDegrees > 0 || colour > 0;
}

function wrongModel(model: string): GraftError {
  return new GraftError({ where: `model ${model}`, what: "it does not take images", next: "Choose an image model" });
}
