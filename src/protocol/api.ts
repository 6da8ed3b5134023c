/**
 * The typed boundary between page and worker: everything that the page can ask for. Every rejection is a GraftError or a
 * CancelledError (client/ carries both across); anything else is a bug. Jobs report progress at most ten times a second
 * and end with CancelledError after `cancel()`.
 */
import type { ColumnMapping, CsvTable, DataSummary, FileParts, ItemPage, ItemQuery, OpenedData, SourceFile, TokenLengths } from "./data.ts";
import type { ChatUse } from "./generation.ts";
import type { Headline } from "./headline.ts";
import type { HubAccess, HubHit, HubQuery, HubQuestion, HubRepository, StorageReport } from "./hub.ts";
import type { DeviceReport, ModelCard, ModelLayers, OutlineNode, SelectionReport } from "./models.ts";
import type { ProjectApi } from "./projects.ts";
import type { Augmentation, Recipe, TaskId } from "./recipe.ts";
import type { ConfusionQuery, ExplainRequest, Explanation, ExportOptions, Generated, GenerationRequest, Prediction, PredictionInput, RunCommand, RunEvent, RunResults } from "./run.ts";

export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}
export type OnProgress = (progress: Progress) => void;

/** The options that decide a data set's splits. Seeded splits are stratified. */
export interface SplitOptions {
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

export interface SampleCard {
  readonly id: string;
  readonly name: string;
  readonly summary: string;
  readonly task: TaskId;
}

/** What a downloaded (and opened again) run is. */
export interface OpenedModel {
  readonly name: string;
  readonly task: TaskId;
  readonly classes: readonly string[];
  readonly recipe: Recipe;
  /** Measured on the validation examples when it was trained. */
  readonly headline: Pick<Headline, "name" | "after" | "isShare"> | null;
  /** Of a model that can be asked as in a chat. */
  readonly chat?: ChatUse;
}

/**
 * The worker's first message. It holds the browser's lock of this name as long as it lives: who is granted the same lock knows that it
 * has ended, which nothing else tells. Tabs that hold a lock are not frozen when they are hidden, either.
 */
export interface LifeSign {
  readonly lifeLock: string;
}

export interface StartOptions {
  /** A finished run of the open project: begin with its weights instead of the model's own. */
  readonly continues?: number | undefined;
}

export interface WorkerApi extends ProjectApi {
  /** Measures each backend once; later calls return the same report. */
  probeDevice(): Promise<DeviceReport>;

  // Data. One data set is open at a time; opening another replaces it.
  listSamples(): Promise<readonly SampleCard[]>;
  openFiles(files: readonly SourceFile[] | FileParts, onProgress: OnProgress): Promise<OpenedData>;
  openSample(id: string, onProgress: OnProgress): Promise<OpenedData>;
  /** Names the columns of the table that openFiles previewed. */
  mapColumns(mapping: ColumnMapping, onProgress: OnProgress): Promise<DataSummary>;
  setSplit(options: SplitOptions): Promise<DataSummary>;
  setExcluded(items: readonly number[], excluded: boolean): Promise<DataSummary>;
  listItems(query: ItemQuery): Promise<ItemPage>;
  /** The original of one image item, for a closer look. */
  getItemBlob(item: number): Promise<Blob | null>;
  closeData(): Promise<void>;
  /** A file for spreadsheets, in which no cell is a formula. Here, because what writes it is here already for reading. */
  writeCsv(table: CsvTable): Promise<Blob>;

  // Models.
  listModels(task: TaskId): Promise<readonly ModelCard[]>;
  /** A TensorFlow.js layers model: model.json and its shards. */
  importModel(files: readonly SourceFile[], onProgress: OnProgress): Promise<ModelCard>;
  // Models of a hub. Downloads go on beside the other jobs, one at a time.
  searchHub(query: HubQuery, access: HubAccess): Promise<readonly HubHit[]>;
  describeRepository(question: HubQuestion, access: HubAccess): Promise<HubRepository>;
  /** Brings what is missing here, opens it, and lists it among the models. What had arrived stays when it is cancelled. */
  downloadRepository(repository: HubRepository, access: HubAccess, onProgress: OnProgress): Promise<ModelCard>;
  cancelDownload(): Promise<void>;
  listStored(): Promise<StorageReport>;
  deleteStored(id: string): Promise<void>;

  /** The layers as they will be trained: the trunk with the new head for the open data's classes. */
  describeLayers(recipe: Recipe): Promise<ModelLayers>;
  /** Every node of the same graph, for the layer map. */
  describeGraph(recipe: Recipe): Promise<readonly OutlineNode[]>;
  describeSelection(recipe: Recipe): Promise<SelectionReport>;
  /** How long the open texts are for the recipe's model. @throws GraftError if no texts to classify are open, or the model does not take text. */
  describeTokenLengths(recipe: Pick<Recipe, "model" | "maxTokens">): Promise<TokenLengths>;
  /** `count` augmented versions of one image item, as small PNGs. */
  previewAugmentation(item: number, augmentation: Augmentation, options: { readonly seed: number; readonly count: number }): Promise<readonly Blob[]>;

  // The run. One at a time; its results stay until the next run starts.
  /** Resolves when the run ends, after its last event. A failed run resolves too: its last event says why. */
  startRun(recipe: Recipe, onEvent: (event: RunEvent) => unknown, options?: StartOptions): Promise<void>;
  controlRun(command: RunCommand): Promise<void>;
  getResults(): Promise<RunResults>;
  /** Tries again to keep the results of the run that has ended, where that failed (`not-kept`). @throws GraftError where it fails again. */
  keepResults(): Promise<void>;
  /** The items in one cell of the confusion matrix, most confident first. */
  listConfusion(query: ConfusionQuery): Promise<readonly number[]>;
  /** One zip: safetensors, the formats that are asked for, labels, recipe, metrics, README, and the adapter where there is one. */
  exportRun(options?: ExportOptions, onProgress?: OnProgress): Promise<Blob>;
  /** Ends the zip that is being made of a run, or of a project; its promise rejects with CancelledError. */
  cancelExport(of: "run" | "project"): Promise<void>;
  /** Tries the tuned model on something new, beside the model before fine-tuning. */
  predict(input: PredictionInput): Promise<Prediction>;
  /** Which words decided; the next question, of either kind, ends it with CancelledError. Only of a single text. */
  explain(request: ExplainRequest): Promise<Explanation>;
  /**
   * Lets the model of a run that writes go on from a prompt. Texts asked for at the same time take turns, token by token.
   * @param onText gets the text piece by piece, before the promise resolves.
   */
  generate(request: GenerationRequest, onText: (piece: string) => unknown): Promise<Generated>;
  /** Ends every text that is being written, of a run or a download; what there is of it is the result, with the reason `cancelled`. */
  stopGenerating(): Promise<void>;

  // A download, opened again.
  openDownload(files: readonly SourceFile[]): Promise<OpenedModel>;
  predictOpened(input: PredictionInput): Promise<Prediction>;
  explainOpened(request: ExplainRequest): Promise<Explanation>;
  generateOpened(request: Omit<GenerationRequest, "which">, onText: (piece: string) => unknown): Promise<Generated>;

  /** Cancels the current job (opening, importing); its promise rejects with CancelledError. A run goes on: `controlRun` stops it. */
  cancel(): Promise<void>;
  /** Live tensors and backend bytes, for leak tests. */
  memory(): Promise<{ readonly tensors: number; readonly bytes: number }>;
}
