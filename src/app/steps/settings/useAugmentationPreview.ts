/** A training image and its augmented views, made anew when a knob has come to rest. A late answer to an earlier wish is dropped. */
import { useEffect, useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { DataItem } from "../../../protocol/data.ts";
import type { Augmentation } from "../../../protocol/recipe.ts";
import { sentenceOf, worker } from "../../../store/client.ts";
import { withPreset } from "../../../ui/settings/augmentation-presets.ts";

interface Preview {
  readonly item: DataItem | null;
  readonly original: Blob | null;
  readonly views: readonly Blob[];
}

interface Wish {
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** How many views; 0 for the image alone. */
  readonly count: number;
}

const restMs = 120;
/** Coprime to nearly every number of images, so that "another" wanders through all classes before it comes back. */
const stride = 7919;
/** How many images in a row to look through for one that is not excluded. */
const lookAhead = 8;

async function findImage(turn: number): Promise<DataItem | null> {
  const { total } = await worker().listItems({ split: "train", offset: 0, limit: 0 });
  if (total === 0) return null;
  const { items } = await worker().listItems({ split: "train", offset: (turn * stride) % total, limit: lookAhead });
  return items.find(({ excluded }) => !excluded) ?? items[0] ?? null;
}

export function useAugmentationPreview({ augmentation, seed, count }: Wish) {
  const [turn, setTurn] = useState(0);
  const [item, setItem] = useState<DataItem | null>(null);
  const [preview, setPreview] = useState<Preview>({ item: null, original: null, views: [] });
  const [error, setError] = useState<ErrorSentence | null>(null);

  useEffect(() => {
    let current = true;
    findImage(turn)
      .then((found) => {
        if (current) setItem(found);
      })
      .catch((failure: unknown) => {
        if (current) setError(sentenceOf(failure));
      });
    return () => {
      current = false;
    };
  }, [turn]);

  useEffect(() => {
    if (item === null) return;
    let current = true;
    const make = async (): Promise<void> => {
      try {
        const [original] = await worker().previewAugmentation(item.index, withPreset(augmentation, "none"), { seed, count: 1 });
        const views = count === 0 ? [] : await worker().previewAugmentation(item.index, augmentation, { seed, count });
        if (!current) return;
        setPreview({ item, original: original ?? null, views });
        setError(null);
      } catch (failure) {
        if (current) setError(sentenceOf(failure));
      }
    };
    const timer = setTimeout(() => void make(), restMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [item, augmentation, seed, count]);

  return { ...preview, busy: preview.item !== item || preview.views.length !== count, error, another: () => setTurn(turn + 1) };
}
