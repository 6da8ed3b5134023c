/** The explicit list of families whose checkpoints can be read. */
import { convnext } from "../convnext/build.ts";
import { mobilenetV2 } from "../mobilenet-v2/checkpoint.ts";
import { mobilenetV3 } from "../mobilenet-v3/build.ts";
import { resnet } from "../resnet/build.ts";
import { deit, vit } from "../vit/build.ts";
import type { CheckpointFamily } from "./types.ts";

export const checkpointFamilies: readonly CheckpointFamily[] = [vit, deit, resnet, mobilenetV2, mobilenetV3, convnext];
