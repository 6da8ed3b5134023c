/** What the page knows of a model hub: where it is, what it has, what was downloaded from it. The files themselves stay in the worker. */
import type { ErrorSentence } from "../core/errors.ts";
import type { TaskId } from "./recipe.ts";

/** The one place that names the hub's address; the page's content security policy lists its hosts. */
export const defaultHubBase = "https://huggingface.co";

/** Where and as whom to ask. A token is kept for the session only. */
export interface HubAccess {
  /** `https://huggingface.co`, or a mirror with the same routes. */
  readonly base: string;
  readonly token?: string;
}

export interface HubQuery {
  /** Words to search for, or a repository's name or address. Empty: the curated list, which asks nobody. */
  readonly text: string;
  readonly task: TaskId;
}

/** A repository, and what a model of it is to do. */
export interface HubQuestion {
  readonly name: string;
  readonly task: TaskId;
}

/** Whether a repository is open to everybody, and if not, who says yes. */
export type HubGate = "open" | "asks-terms" | "asks-owner" | "private";

/** One line of a list. What the hub did not say is null. */
export interface HubHit {
  readonly name: string;
  readonly modelType: string;
  readonly licence: string | null;
  readonly downloads: number | null;
  readonly parameters: number | null;
  /** Of its weights. */
  readonly bytes: number | null;
  readonly gate: HubGate;
  /** Only in the curated list: why one would start from it. */
  readonly why?: string;
}

export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of files that the hub keeps in its large file storage; null for small ones. */
  readonly sha256: string | null;
}

/** Estimates before the download; a number is null where the browser does not say. */
export interface DeviceFit {
  /** `head-only`: its weights fit into memory, training all of its layers would not. */
  readonly verdict: "fits" | "head-only" | "no-memory" | "no-storage";
  /** Still to be downloaded, and what the browser grants beyond what is used. */
  readonly storageBytes: number;
  readonly freeStorageBytes: number | null;
  /** Of a training step with a new head alone, and with every layer. */
  readonly headMemoryBytes: number;
  readonly allMemoryBytes: number;
  readonly deviceMemoryBytes: number;
}

export interface HubRepository {
  readonly name: string;
  /** The full commit: what was shown is what is downloaded. */
  readonly revision: string;
  readonly modelType: string;
  readonly licence: string | null;
  readonly licenceUrl: string | null;
  readonly url: string;
  readonly gate: HubGate;
  readonly parameters: number | null;
  readonly downloads: number;
  /** What would be downloaded, in that order. */
  readonly files: readonly HubFile[];
  readonly totalBytes: number;
  /** Of those, how many are here already: all of them where the model is stored. */
  readonly storedBytes: number;
  readonly fit: DeviceFit;
  /** Why Graft cannot use it. */
  readonly problem: ErrorSentence | null;
}

/** A repository at one commit in the browser's storage, whole or in part. */
export interface StoredModel {
  /** `hub:owner/name@1234abc`: the recipe's name for it. */
  readonly id: string;
  readonly name: string;
  readonly revision: string;
  readonly licence: string | null;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly isWhole: boolean;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

export interface StorageReport {
  readonly models: readonly StoredModel[];
  readonly modelBytes: number;
  /** Of everything that this page keeps, and what the browser grants; null where it does not say. */
  readonly usedBytes: number | null;
  readonly quotaBytes: number | null;
  /** Whether the browser promised not to clear it by itself. */
  readonly isPersistent: boolean;
}
