/**
 * The image trunk: MobileNetV3-large (in the widths of github.com/610265158/mobilenetv3_centernet) from a CenterNet that was
 * trained on COCO, out of the npm package @vladmandic/human. The detection part behind it is never read. Fully
 * convolutional, so any image size works; batch norms were folded into the convolutions by whoever converted it.
 */
import { readTfjsGraph } from "../../formats/tfjs-graph/read.ts";
import type { Model } from "../../graph/types.ts";

/** A pre-trained model as tasks take it. */
export interface MobilenetV3Coco {
  /** Input `images` [batch, height, width, 3], RGB 0..255. */
  readonly model: Model;
  /** The value with the features: [batch, height / 32, width / 32, channels]. */
  readonly features: string;
  /** Group paths for presets, in flow order. */
  readonly blocks: readonly string[];
}

const prefix = "tower_0/";
const features = "extern1/hard_swish/mul_1";

/** The last convolution, `extern1`, follows the last block and counts with it. */
const blocks = ["Conv", "expanded_conv", ...Array.from({ length: 14 }, (_, i) => `expanded_conv_${i + 1}`)].map((name) => `MobilenetV3/${name}`);

/** `json` is centernet.json parsed, `bytes` is centernet.bin. */
export function buildMobilenetV3Coco(json: unknown, bytes: Uint8Array): MobilenetV3Coco {
  const model = readTfjsGraph(json, bytes, { outputs: [`${prefix}${features}`], stripPrefix: prefix, dynamicImageSize: true });
  return { model, features, blocks };
}
