/** The explicit list of embedded models, in the order in which a person sees them. */
import { graftBert, graftGpt2 } from "./embedded-checkpoint.ts";
import { mobilenetV3Coco } from "./mobilenet-v3-coco/index.ts";
import type { ModelFamily } from "./types.ts";
import { universalSentenceEncoderLite } from "./universal-sentence-encoder-lite/index.ts";

export const catalog: readonly ModelFamily[] = [mobilenetV3Coco, universalSentenceEncoderLite, graftBert, graftGpt2];
