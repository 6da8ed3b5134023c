/** What the page knows of projects: which there are, what is in the open one, and what can be asked of them. Their files stay in the worker. */
import type { ErrorSentence } from "../core/errors.ts";
import type { OnProgress } from "./api.ts";
import type { DataSummary, SourceFile } from "./data.ts";
import type { Headline } from "./headline.ts";
import type { ModelCard } from "./models.ts";
import type { Recipe, TaskId } from "./recipe.ts";
import type { KeptRun, RunEvent, RunResults, StopReason } from "./run.ts";

/** One line of the list. */
export interface ProjectCard {
  readonly id: string;
  readonly name: string;
  /** Null where nothing of the project's record can be read: it can be deleted. */
  readonly task: TaskId | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly runs: number;
  /** What it takes in this browser's storage. */
  readonly bytes: number;
  /** What opening it brings back, by name: the data that were open last, and the newest finished run. */
  readonly data: string | null;
  readonly newestResult: string | null;
  /** The newest run that ended before its time. */
  readonly interrupted: { readonly run: number; readonly name: string } | null;
  /** Another tab works on it. */
  readonly isOpenElsewhere: boolean;
}

export interface ProjectStorage {
  /** What the browser grants this page, in bytes; null where it does not say. What it says is used is not counted on: Chromium's own count can fall below zero and wraps around. */
  readonly quotaBytes: number | null;
  /** Whether the browser promised not to clear it by itself. */
  readonly isPersistent: boolean;
}

export interface ProjectList {
  /** Newest first. */
  readonly projects: readonly ProjectCard[];
  readonly storage: ProjectStorage;
}

/** One run of the open project. */
export interface RunCard {
  readonly run: number;
  readonly name: string;
  readonly createdAt: number;
  /** `interrupted`: it can go on from its last checkpoint. `damaged`: nothing of its record can be read. */
  readonly state: "running" | "interrupted" | "finished" | "failed" | "damaged";
  /** Null where it is of no recipe that this Graft knows. */
  readonly recipe: Recipe | null;
  /** What the data that it learned from is called. */
  readonly data: string | null;
  /** The run whose weights it began with. */
  readonly continues: number | null;
  readonly headline: Headline | null;
  /** Seconds of training and epochs finished, of a run that ended. */
  readonly ended: { readonly seconds: number; readonly epochs: number; readonly bestEpoch: number; readonly reason: StopReason } | null;
  /** Of a run that failed. */
  readonly error: ErrorSentence | null;
  readonly notes: string;
}

export interface ProjectView {
  readonly id: string;
  readonly name: string;
  readonly task: TaskId;
  readonly notes: string;
  /** Another tab works on it: what is done here is not kept. */
  readonly isReadOnly: boolean;
  /** Newest first. */
  readonly runs: readonly RunCard[];
}

export interface OpenedProject {
  readonly project: ProjectView;
  /** Null where the project has no data, or none that could be opened; `lost` says why. */
  readonly summary: DataSummary | null;
  readonly lost: ErrorSentence | null;
  readonly recipe: Recipe | null;
  /** Models that were brought along and came back with it. */
  readonly models: readonly ModelCard[];
}

export interface ReopenedRun {
  readonly recipe: Recipe;
  readonly events: readonly RunEvent[];
  readonly results: RunResults;
  readonly kept: KeptRun;
  /** Whether it learned from the data that is open: its items' numbers mean the same. */
  readonly isOfOpenData: boolean;
}

export interface ResumeOptions {
  /** The worker had ended in mid-run, and this is the last step that was heard of: the run says that it went on by itself, where it can. */
  readonly afterStep?: number | undefined;
}

export interface ProjectApi {
  listProjects(): Promise<ProjectList>;
  /**
   * Keeps the open data: in the open project, or in a new one where that is for something else. Goes on beside other jobs.
   * @throws GraftError where the browser keeps nothing, or has no room; the data stays open.
   */
  keepData(recipe: Recipe, onProgress: OnProgress): Promise<ProjectView>;
  /**
   * Opens a project with its data and its recipe as they were left.
   * @throws GraftError while a run is under way, or where there is no such project.
   */
  openProject(id: string, onProgress: OnProgress): Promise<OpenedProject>;
  /** What is opened next begins a new project. */
  closeProject(): Promise<void>;
  /** For good, with everything in it. @throws GraftError where a tab works on it. */
  deleteProject(id: string): Promise<void>;
  /** One zip with everything in the project but runs that were deleted. Goes on beside other jobs. @throws GraftError if it is too large for one. */
  exportProject(id: string, onProgress: OnProgress): Promise<Blob>;
  /** A new project of a zip that `exportProject` made. @returns its id @throws GraftError for anything else; nothing of it stays. */
  importProject(file: SourceFile, onProgress: OnProgress): Promise<string>;
  /** The open project, as it is now; null where none is open. */
  viewProject(): Promise<ProjectView | null>;
  /** @throws GraftError for a name that is none, or where another tab works on the project. */
  updateProject(id: string, changes: { readonly name?: string; readonly notes?: string }): Promise<void>;
  /** Keeps what the person is at: this recipe, with the open data and what is left out of it. */
  keepDraft(recipe: Recipe): Promise<void>;
  /** Asks the browser to keep what is stored. */
  askToKeep(): Promise<{ readonly isKept: boolean; readonly sentence: string }>;

  /** Goes on from a run's last checkpoint, with its own recipe and data, which stay beside those that are open. Resolves as `startRun`; its first event is `restored`. */
  resumeRun(run: number, onEvent: (event: RunEvent) => unknown, options?: ResumeOptions): Promise<void>;
  /** A finished run again, with its model: to be looked at, tried and downloaded. */
  reopenRun(run: number, onProgress: OnProgress): Promise<ReopenedRun>;
  /** What a run told, in order. */
  readRun(run: number): Promise<readonly RunEvent[]>;
  updateRun(run: number, changes: { readonly name?: string; readonly notes?: string; readonly isDeleted?: boolean }): Promise<void>;
}
