/**
 * A checkpoint as a sealed file: what the trainer knows as JSON, its tensors as safetensors. What either means is the trainer's;
 * tensors come in groups, and are kept as they are on the host: flat.
 */
import { whole, z } from "../core/zod.ts";
import { readSafetensors } from "../formats/safetensors/read.ts";
import { writeSafetensors, type WritableTensor } from "../formats/safetensors/write.ts";
import type { WeightValues, Weights } from "../graph/types.ts";
import { headAs, sealAs, type Format } from "./formats.ts";
import type { Sealed } from "./sealed.ts";

export interface StoredCheckpoint {
  /** JSON, with any numbers. */
  readonly progress: unknown;
  /** By the group's name, which has no slash. */
  readonly tensors: Readonly<Record<string, Weights>>;
  /** How many of the run's pieces of history belong before it. */
  readonly history: number;
}

const checkpointFormat: Format<Pick<StoredCheckpoint, "progress" | "history"> & { readonly groups: readonly string[] }> = {
  kind: "checkpoint",
  version: 1,
  schema: z.strictObject({ progress: z.unknown(), history: whole(0), groups: z.array(z.string().check(z.regex(/^[a-z]+$/))) }),
  migrations: {},
};

export async function sealCheckpoint({ progress, history, tensors }: StoredCheckpoint): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const flat = new Map<string, WritableTensor>();
  for (const [group, weights] of Object.entries(tensors)) for (const [name, values] of weights) flat.set(`${group}/${name}`, { shape: [values.length], values });
  return sealAs(checkpointFormat, { progress, history, groups: Object.keys(tensors) }, writeSafetensors(flat));
}

/** @throws GraftError for what is no checkpoint; the tensors' sizes are for the trainer to check. */
export function openCheckpoint(sealed: Sealed, where: string): StoredCheckpoint {
  const { progress, history, groups } = headAs(checkpointFormat, sealed, where);
  const tensors = Object.fromEntries(groups.map((group) => [group, new Map<string, WeightValues>()]));
  for (const [path, { values }] of readSafetensors(sealed.body, where).tensors) {
    const slash = path.indexOf("/");
    tensors[path.slice(0, slash)]?.set(path.slice(slash + 1), values);
  }
  return { progress, history, tensors };
}
