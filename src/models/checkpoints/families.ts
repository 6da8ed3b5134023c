/** The explicit list of families whose checkpoints can be read. */
import { bert } from "../bert/build.ts";
import { convnext } from "../convnext/build.ts";
import { distilbert } from "../distilbert/build.ts";
import { gpt2 } from "../gpt2/build.ts";
import { llama } from "../llama/build.ts";
import { timmMobilenets } from "../mobilenet-timm/build.ts";
import { mobilenetV2 } from "../mobilenet-v2/checkpoint.ts";
import { resnet } from "../resnet/build.ts";
import { roberta } from "../roberta/build.ts";
import { deit, vit } from "../vit/build.ts";
import type { CheckpointFamily } from "./types.ts";

export const checkpointFamilies: readonly CheckpointFamily[] = [bert, distilbert, roberta, gpt2, llama, vit, deit, resnet, mobilenetV2, timmMobilenets, convnext];
