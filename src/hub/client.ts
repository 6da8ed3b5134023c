/** What the hub says of its models: search, and one repository in detail. Downloads nothing but a config.json. */
import { listFiles, listModels, modelInfo } from "@huggingface/hub";
import { GraftError, type ErrorSentence } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import type { HubAccess, HubFile, HubGate, HubHit, HubQuery, HubQuestion, HubRepository } from "../protocol/hub.ts";
import type { TaskId } from "../protocol/recipe.ts";
import { once, type AskOptions } from "./ask.ts";
import { curated } from "./curated.ts";
import { isWeights, missingFiles, neededFiles } from "./files.ts";

/** What Graft knows of model families, as far as the hub's code has to. */
export interface Families {
  /** Whether it has that of a `model_type`, and its models can do the task; for timm, of an architecture. */
  has(modelType: string, task: TaskId): boolean;
  /** @throws GraftError where no graph can be built of this config.json, or none for the task. */
  check(config: unknown, where: string, task: TaskId): void;
}

/** What the hub calls the uses from which a model of each task can start. */
const uses: Readonly<Partial<Record<TaskId, ReadonlySet<string>>>> = {
  "image-classification": new Set(["image-classification", "image-feature-extraction"]),
  "text-classification": new Set(["fill-mask", "text-classification", "text-generation", "feature-extraction", "sentence-similarity", "token-classification", "question-answering", "zero-shot-classification"]),
  "text-generation": new Set(["text-generation"]),
};

const fields = ["config", "library_name", "safetensors", "tags"] as const satisfies readonly unknown[];
/** Of what the hub offers, how much is looked through for models that Graft reads, and how many of these are shown. */
const scanned = 200;
const shown = 20;

interface Described {
  readonly name: string;
  readonly config?: unknown;
  readonly library_name?: string;
  readonly safetensors?: { readonly parameters?: Record<string, number>; readonly total?: number };
  readonly tags?: readonly string[];
  readonly private?: boolean;
  readonly gated?: false | "auto" | "manual";
}

function textAt(object: unknown, key: string): string | undefined {
  const value = object !== null && typeof object === "object" && Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
  return typeof value === "string" ? value : undefined;
}

function modelTypeOf(config: unknown, { name, library_name }: Pick<Described, "name" | "library_name">): string {
  // timm's repositories are named after the architecture and the training: mobilenetv3_small_100.lamb_in1k.
  return textAt(config, "model_type") ?? textAt(config, "architecture") ?? (library_name === "timm" ? name.replace(/^.*\//, "").replace(/\..*$/, "") : "");
}

function gateOf({ gated, private: isPrivate }: Described): HubGate {
  if (isPrivate) return "private";
  return gated === "auto" ? "asks-terms" : gated === "manual" ? "asks-owner" : "open";
}

function licenceOf(tags: readonly string[] = []): string | null {
  return tags.find((tag) => tag.startsWith("license:"))?.slice("license:".length) ?? null;
}

/** `owner/name` of a repository's name or of an address on any hub; null where it is words. */
export function repositoryName(text: string): string | null {
  const path = URL.canParse(text) && /^https?:/.test(text) ? new URL(text).pathname.slice(1) : text;
  return /^([\w.-]+\/[\w.-]+)(\/(tree|blob|resolve)\/.*|\/)?$/.exec(path)?.[1] ?? null;
}

/** @throws GraftError where the hub does not answer. */
export async function searchHub({ text, task }: HubQuery, access: HubAccess, families: Families, options: AskOptions = {}): Promise<readonly HubHit[]> {
  const wanted = text.trim();
  if (wanted === "") return curated.filter((model) => model.task === task && families.has(model.modelType, task)).map(({ task: _, ...hit }) => hit);
  const named = repositoryName(wanted);
  return once(access, options, async (fetch, hubUrl) => {
    const hits: HubHit[] = [];
    const found = listModels({
      search: { query: named ?? wanted, tags: ["safetensors"] },
      sort: "downloads",
      limit: scanned,
      additionalFields: [...fields],
      hubUrl,
      fetch,
    });
    for await (const model of found) {
      const modelType = modelTypeOf(model.config, model);
      const isUseful = families.has(modelType, task) && (model.task === undefined || uses[task]?.has(model.task));
      // What was asked for by its name is shown whatever it is: picked, it says why it is of no use.
      if (!isUseful && model.name !== named) continue;
      hits.push({ name: model.name, modelType, licence: licenceOf(model.tags), downloads: model.downloads, parameters: model.safetensors?.total ?? null, bytes: weightsBytes(model.safetensors?.parameters), gate: gateOf(model) });
      if (hits.length === shown) break;
    }
    return hits;
  });
}

const bytesOf: ReadonlyMap<string, number> = new Map(Object.entries({ F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, I16: 2, I8: 1, U8: 1, BOOL: 1 }));

function weightsBytes(parameters: Record<string, number> | undefined): number | null {
  if (!parameters) return null;
  return Object.entries(parameters).reduce((sum, [type, count]) => sum + count * (bytesOf.get(type) ?? 4), 0);
}

/** What a repository has and Graft would download; not yet what of it is here and whether it fits. */
export type RepositoryFacts = Omit<HubRepository, "storedBytes" | "fit"> & { readonly parameterEstimate: number };

/** @throws GraftError where there is no such repository, or the hub does not answer. */
export async function describeRepository({ name, task }: HubQuestion, access: HubAccess, families: Families, options: AskOptions = {}): Promise<RepositoryFacts> {
  return once(access, options, async (fetch, hubUrl) => {
    const info = await modelInfo({ name, hubUrl, fetch, additionalFields: [...fields, "sha", "cardData"] });
    if (!/^[0-9a-f]{7,64}$/.test(info.sha)) throw new GraftError({ where: info.name, what: "the hub does not say at which commit it is", next: "Search for another model; this hub or mirror is not in order" });
    const listed: HubFile[] = [];
    for await (const { type, path, size, lfs } of listFiles({ repo: { type: "model", name: info.name }, revision: info.sha, hubUrl, fetch })) {
      if (type !== "file") continue;
      const bytes = lfs?.size ?? size;
      // What is compared with it later has to be a number: nothing is larger than NaN.
      if (!Number.isSafeInteger(bytes) || bytes < 0) throw new GraftError({ where: `${info.name}, ${path}`, what: `the hub says that it has ${String(bytes)} bytes`, next: "Search for another model; this hub or mirror is not in order" });
      listed.push({ path, bytes, sha256: lfs?.oid ?? null });
    }
    const files = neededFiles(listed);
    const url = `${hubUrl}/${info.name}`;
    const gate = gateOf(info);
    let problem = missingFiles(info.name, files);
    let modelType = modelTypeOf(info.config, info);
    if (!problem) {
      try {
        const where = `${info.name}, config.json`;
        const response = await fetch(fileUrl(hubUrl, info.name, info.sha, "config.json"));
        const bytes = new Uint8Array(await response.arrayBuffer());
        problem = problemOf(() => {
          const config = parseJson(bytes, where);
          modelType = modelTypeOf(config, info);
          families.check(config, where, task);
        });
      } catch (error) {
        // Terms that were not accepted: said beside the rest of what is known.
        if (error instanceof GraftError && gate !== "open") problem = error.sentence;
        else throw error;
      }
    }
    const bytes = files.filter(({ path }) => isWeights(path)).reduce((sum, file) => sum + file.bytes, 0);
    const parameters = info.safetensors?.total ?? null;
    const licenceLink = textAt(info.cardData, "license_link");
    return {
      name: info.name,
      revision: info.sha,
      modelType,
      licence: textAt(info.cardData, "license_name") ?? licenceOf(info.tags),
      licenceUrl: licenceLink && /^https:/.test(licenceLink) ? licenceLink : licenceLink ? `${url}/blob/${info.sha}/${licenceLink}` : null,
      url,
      gate,
      parameters,
      // Most checkpoints are float32; one of half precision is then taken for half of what it is, unless the hub counted.
      parameterEstimate: parameters ?? Math.round(bytes / 4),
      downloads: info.downloads,
      files,
      totalBytes: files.reduce((sum, file) => sum + file.bytes, 0),
      problem,
    };
  });
}

function problemOf(check: () => void): ErrorSentence | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof GraftError) return error.sentence;
    throw error;
  }
}

export function fileUrl(base: string, name: string, revision: string, path: string): string {
  return `${base}/${name}/resolve/${revision}/${path.split("/").map(encodeURIComponent).join("/")}`;
}
