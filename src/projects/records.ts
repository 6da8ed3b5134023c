/**
 * What a project's small files say. Recipes, models and results are kept as the JSON that they were: what they mean, and which
 * of their versions one still reads, is for those whose they are.
 */
import { whole, z } from "../core/zod.ts";
import type { Format } from "./formats.ts";

const text = z.string().check(z.maxLength(1000));
const notes = z.string().check(z.maxLength(100_000));
/** Milliseconds since 1970. */
const time = z.number().check(z.gte(0));
const count = whole(0);
const name = text.check(z.minLength(1));

const storedFile = z.strictObject({
  /** As the person's own folder or zip had it. Never a path of ours. */
  path: name,
  bytes: count,
  /** See `digestOf`; also names the file in storage, so that the same file is stored once. */
  digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
export type StoredFile = Readonly<z.output<typeof storedFile>>;

const source = z.strictObject({ id: count, kind: z.enum(["data", "model"]), name, addedAt: time, files: z.array(storedFile) });
export type StoredSource = Readonly<z.output<typeof source>>;

/** Numbers of a data set's items. */
const items = z.array(count);

const projectSchema = z.strictObject({
  name,
  task: text,
  createdAt: time,
  notes,
  sources: z.array(source),
  recipes: z.array(z.strictObject({ name, savedAt: time, recipe: z.unknown() })),
  /** What the person was at: the recipe as it was being written, the source that was open, and the items left out of it. */
  draft: z.nullable(z.strictObject({ recipe: z.unknown(), data: z.nullable(count), excluded: items })),
});
export type ProjectRecord = Readonly<z.output<typeof projectSchema>>;

const runSchema = z.strictObject({
  name,
  createdAt: time,
  /** `running` is also what a crash leaves: a run that can be resumed. */
  state: z.enum(["running", "finished", "failed"]),
  recipe: z.unknown(),
  /** What it starts from, as its opener names it; null for the recipe's own. */
  model: z.unknown(),
  /** The source that it learns from. */
  data: z.nullable(count),
  /** Items of it that were left out, and how the others were divided; null for as the recipe says. */
  excluded: items,
  split: z.nullable(z.strictObject({ validation: z.number(), test: z.number(), seed: z.number() })),
  /** The run whose weights it began with. */
  continues: z.nullable(count),
  results: z.unknown(),
  notes,
  /** Deleted runs can be had back until they are purged. */
  deletedAt: z.nullable(time),
});
export type RunRecord = Readonly<z.output<typeof runSchema>>;

export const projectFormat: Format<ProjectRecord> = { kind: "project", version: 2, schema: projectSchema, migrations: { 1: (head) => ({ ...(head as object), draft: null }) } };
export const runFormat: Format<RunRecord> = { kind: "run", version: 2, schema: runSchema, migrations: { 1: (head) => ({ ...(head as object), excluded: [], split: null }) } };
/** A piece of a run's history: the events between two checkpoints, in order. */
export const historyFormat: Format<{ readonly events: readonly unknown[] }> = { kind: "history", version: 1, schema: z.strictObject({ events: z.array(z.unknown()) }), migrations: {} };
/** What a run ended with; the body is safetensors. */
export const weightsFormat: Format<Record<string, never>> = { kind: "weights", version: 1, schema: z.strictObject({}), migrations: {} };
