/** How a published image model wants its pixels, folded into the graph, so that it takes RGB 0..255 as every image model here does. */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";
import type { PixelScale } from "../../graph/surgery/rescale-input.ts";
import { oneOf } from "./config-fields.ts";

/**
 * @param config preprocessor_config.json, whose images are rescaled, by default to 0..1, and standardised; a feature extractor of old
 * says no more than mean and deviation.
 */
export function pixelScaleOf(config: JsonCursor): PixelScale {
  oneOf(config.get("do_flip_channel_order"), false, [false]);
  const factor = config.get("do_rescale").boolean(true) ? config.get("rescale_factor").number(1 / 255) : 1;
  if (!config.get("do_normalize").boolean(true)) return { scale: factor, offset: 0 };
  return standardised(factor, config.get("image_mean"), config.get("image_std"));
}

/** @param config timm's config.json, which has the numbers itself, for pixels 0..1. */
export function timmPixelScale(config: JsonCursor): PixelScale {
  const published = config.get("pretrained_cfg");
  const of = (name: string): JsonCursor => (published.get(name).isMissing ? config.get(name) : published.get(name));
  return standardised(1 / 255, of("mean"), of("std"));
}

function standardised(factor: number, mean: JsonCursor, deviation: JsonCursor): PixelScale {
  const [means, deviations] = [mean, deviation].map((field) => field.items().map((item) => item.number())) as [number[], number[]];
  if (means.length !== 3) throw mean.wrong("a number for each of red, green and blue");
  if (deviations.length !== 3 || deviations.some((value) => value <= 0)) throw deviation.wrong("a number above 0 for each of red, green and blue");
  return { scale: deviations.map((value) => factor / value), offset: means.map((value, i) => -value / (deviations[i] as number)) };
}

/** Without the numbers a model would look at pixels of another range and see little. */
export function missingPreprocessing(where: string): GraftError {
  return new GraftError({ where, what: "there is no preprocessor_config.json beside it, so the range of its pixels is not known", next: "Add it to the files; in Python, AutoImageProcessor.from_pretrained(…).save_pretrained(folder) writes it." });
}
