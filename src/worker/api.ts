/** The WorkerApi, wired: each call finds its part and nothing more. State is what is open now: data, models, one run, one download. */
import { CancelledError, GraftError } from "../core/errors.ts";
import { corpusFromTable } from "../data/corpus/from-table.ts";
import type { Dataset, ImageDataset } from "../data/dataset.ts";
import { openFiles, datasetFromTable, type Table } from "../data/open.ts";
import type { JobOptions } from "../data/pace.ts";
import { memory } from "../engine/backend.ts";
import type { WorkerApi } from "../protocol/api.ts";
import type { ColumnMapping, DataSummary, FileParts, OpenedData, SourceFile } from "../protocol/data.ts";
import { parseRecipe, type Recipe } from "../protocol/recipe.ts";
import type { RunEvent } from "../protocol/run.ts";
import { previewViews } from "../tasks/image-classification/preview.ts";
import { takesText } from "../tasks/text-classification/encode.ts";
import { tokenLengths } from "../tasks/text-classification/token-lengths.ts";
import { Device } from "./device.ts";
import { exportRun } from "./export.ts";
import { HubModels } from "./hub-models.ts";
import { Jobs } from "./jobs.ts";
import { ModelStore } from "./model-store.ts";
import { OpenedDownload } from "./opened-download.ts";
import { FineTuningRun } from "./run.ts";
import { fetchSample, samples } from "./samples.ts";
import { Writing } from "./writing.ts";

export interface WorkerOptions {
  /** Where embedded models, samples and wasm binaries are served, with a trailing slash. */
  readonly embeddedBase: string;
}

async function gather(partFrom: FileParts, signal: AbortSignal): Promise<readonly SourceFile[]> {
  const files: SourceFile[] = [];
  for (;;) {
    const part = await partFrom(files.length);
    if (signal.aborted) throw new CancelledError();
    if (part.length === 0) return files;
    files.push(...part);
  }
}

export function createWorkerApi({ embeddedBase }: WorkerOptions): WorkerApi {
  const device = new Device(`${embeddedBase}wasm/`);
  const hub = new HubModels();
  const models = new ModelStore(embeddedBase, hub);
  const jobs = new Jobs();
  const downloads = new Jobs();
  const explaining = new Jobs();
  let dataset: Dataset | null = null;
  let table: Table | null = null;
  let run: FineTuningRun | null = null;
  let running = false;
  /** Resolves when the run that is under way, if one is, has ended. */
  let runEnd: Promise<void> = Promise.resolve();
  let opened: OpenedDownload | null = null;
  const writing = new Writing();

  const openData = (): Dataset => {
    if (dataset) return dataset;
    throw new GraftError({ what: "no data is open", next: "Open a folder of images or a CSV first" });
  };
  const openDownload = (): OpenedDownload => {
    if (opened) return opened;
    throw new GraftError({ what: "no download is open", next: "Open a Graft download first" });
  };
  const openRun = (): FineTuningRun => {
    if (run) return run;
    throw new GraftError({ what: "nothing has been trained yet", next: "Start training first" });
  };
  const open = async (files: readonly SourceFile[], options: JobOptions): Promise<OpenedData> => {
    const result = await openFiles(files, options);
    if (options.signal?.aborted) throw new CancelledError();
    dataset = result.kind === "table" ? null : result.dataset;
    table = result.kind === "table" ? result.table : null;
    return result.kind === "table" ? { kind: "table", preview: result.preview } : { kind: "ready", summary: result.dataset.summary() };
  };

  return {
    // Measuring changes the backend, so it waits for the run that computes on it.
    probeDevice: async () => {
      await runEnd;
      return device.probe();
    },

    listSamples: () => Promise.resolve(samples),
    openFiles: (files, onProgress) => jobs.run(async (signal) => open(typeof files === "function" ? await gather(files, signal) : files, { onProgress, signal })),
    openSample: (id, onProgress) =>
      jobs.run(async (signal) => {
        const file = await fetchSample(id, embeddedBase, signal);
        return open([file], { onProgress, signal });
      }),
    mapColumns: (mapping: ColumnMapping, onProgress) =>
      jobs.run(async (signal) => {
        if (!table) throw new GraftError({ what: "no table is open", next: "Open a CSV first" });
        const made = "completion" in mapping ? await corpusFromTable(table, mapping, { onProgress, signal }) : await datasetFromTable(table, mapping, { onProgress, signal });
        dataset = made;
        return made.summary();
      }),
    setSplit: async (options) => {
      openData().setSplit(options);
      return openData().summary();
    },
    setExcluded: async (items, excluded): Promise<DataSummary> => {
      openData().setExcluded(items, excluded);
      return openData().summary();
    },
    listItems: async (query) => openData().listItems(query),
    getItemBlob: async (item) => openData().getItemBlob(item),
    closeData: async () => {
      dataset = null;
      table = null;
    },

    listModels: async (task) => models.list(task),
    importModel: (files, onProgress) =>
      jobs.run(async () => {
        onProgress({ what: "Reading the model", done: 0, total: 1 });
        return models.import(files);
      }),
    searchHub: (query, access) => hub.search(query, access),
    describeRepository: (name, access) => hub.describe(name, access),
    downloadRepository: (repository, access, onProgress) => downloads.run((signal) => hub.download(repository, access, { signal, onProgress })),
    cancelDownload: async () => downloads.cancel(),
    listStored: () => hub.stored(),
    deleteStored: (id) => hub.delete(id),

    describeLayers: async (recipe) => models.layers(recipe, dataset),
    describeGraph: async (recipe) => models.outline(recipe, dataset),
    describeSelection: async (recipe) => models.selection(recipe, dataset),
    describeTokenLengths: async (recipe) => {
      const data = openData();
      if (data.task !== "text-classification") throw new GraftError({ what: "the open data has no texts to classify", next: "Open a CSV with texts first" });
      const { input } = await models.load(recipe.model);
      if (input.kind !== "text") throw takesText(recipe.model);
      return tokenLengths(data, input, recipe);
    },
    previewAugmentation: async (item, augmentation, options) => previewViews(openData() as ImageDataset, item, augmentation, options),

    startRun: async (recipe, report) => {
      if (running) throw new GraftError({ what: "a run is under way", next: "Stop it first" });
      running = true;
      // Events and the end of this call reach the page by two channels, in any order: the call ends only when the page has had its last event.
      let delivered: unknown;
      const onEvent = (event: RunEvent): void => void (delivered = report(event));
      let ended = (): void => {};
      runEnd = new Promise((resolve) => (ended = resolve));
      try {
        const checked: Recipe = parseRecipe(recipe);
        const data = openData();
        // What is being written reads tensors that the run is about to take away, or that are on another backend.
        writing.stop();
        explaining.cancel();
        run?.dispose();
        run = null;
        const backend = await device.activate(checked.backend);
        const next = new FineTuningRun({ recipe: checked, dataset: data, loaded: await models.load(checked.model), backend, onEvent, replaceDevice: () => device.replace() });
        run = next;
        try {
          await next.start();
        } catch (error) {
          next.dispose();
          run = null;
          throw error;
        }
      } catch (error) {
        if (error instanceof CancelledError) onEvent({ kind: "cancelled" });
        else onEvent({ kind: "failed", error: sentenceOf(error) });
      } finally {
        await delivered;
        running = false;
        ended();
      }
    },
    controlRun: async (command) => {
      const { control } = openRun();
      if (command.kind === "pause") control.pause();
      else if (command.kind === "resume") control.continue();
      else if (command.kind === "stop") control.stop();
      else control.setLearningRate(command.learningRate);
    },
    getResults: async () => openRun().results(),
    listConfusion: async (query) => openRun().confusion(query),
    exportRun: async (options) => exportRun(openRun(), options),
    predict: async (input) => {
      explaining.cancel();
      return openRun().predict(input);
    },
    explain: (request) => explaining.run((signal) => openRun().explain(request, signal)),
    generate: async (request, onText) => {
      const current = openRun();
      return writing.run(request, onText, (...asked) => current.write(request.which, ...asked));
    },
    stopGenerating: async () => writing.stop(),

    openDownload: async (files) => {
      const next = await OpenedDownload.read(files, device);
      writing.stop();
      explaining.cancel();
      opened?.dispose();
      opened = next;
      return next.description;
    },
    predictOpened: async (input) => {
      explaining.cancel();
      return openDownload().predict(input);
    },
    explainOpened: (request) => explaining.run((signal) => openDownload().explain(request, signal)),
    generateOpened: async (request, onText) => {
      const current = openDownload();
      return writing.run(request, onText, (...asked) => current.write(...asked));
    },

    cancel: async () => {
      jobs.cancel();
      if (running) run?.control.stop();
    },
    memory: async () => memory(),
  };
}

function sentenceOf(error: unknown): GraftError["sentence"] {
  if (error instanceof GraftError) return error.sentence;
  return { what: `something inside Graft failed: ${error instanceof Error ? error.message : String(error)}`, next: "This is a bug in Graft; your data and settings are untouched" };
}
