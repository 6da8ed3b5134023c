/** The explicit list of families whose checkpoints can be read. */
import type { CheckpointFamily } from "./types.ts";

export const checkpointFamilies: readonly CheckpointFamily[] = [];
