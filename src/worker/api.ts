/** The WorkerApi, wired: each call finds its part and nothing more. */
import { GraftError } from "../core/errors.ts";
import type { ImageDataset } from "../data/dataset.ts";
import { writeCsv } from "../data/write-csv.ts";
import { memory } from "../engine/backend.ts";
import type { WorkerApi } from "../protocol/api.ts";
import type { RunEvent } from "../protocol/run.ts";
import type { FileStorage } from "../storage/storage.ts";
import { previewViews } from "../tasks/image-classification/preview.ts";
import { takesText } from "../tasks/text-classification/encode.ts";
import { tokenLengths } from "../tasks/text-classification/token-lengths.ts";
import { Device } from "./device.ts";
import { exportRun } from "./export.ts";
import { HubModels } from "./hub-models.ts";
import { Jobs } from "./jobs.ts";
import { ModelStore } from "./model-store.ts";
import { gather, OpenData } from "./open-data.ts";
import { OnDevice } from "./on-device.ts";
import { OpenedDownload } from "./opened-download.ts";
import { Projects } from "./projects.ts";
import { Runs } from "./runs.ts";
import { fetchSample, samples } from "./samples.ts";
import { Writing } from "./writing.ts";

export interface WorkerOptions {
  /** Where embedded models, samples and wasm binaries are served, with a trailing slash. */
  readonly embeddedBase: string;
  /** Where projects are kept; without it, nothing is. */
  readonly projectStorage?: FileStorage | null;
}

export function createWorkerApi({ embeddedBase, projectStorage = null }: WorkerOptions): WorkerApi {
  const device = new Device(`${embeddedBase}wasm/`);
  const hub = new HubModels();
  const models = new ModelStore(embeddedBase, hub);
  const jobs = new Jobs();
  const downloads = new Jobs();
  const exports = { run: new Jobs(), project: new Jobs() };
  const explaining = new Jobs();
  const data = new OpenData();
  const projects = new Projects({ storage: projectStorage, data, models });
  const writing = new Writing();
  const stopAsking = (): void => {
    writing.stop();
    explaining.cancel();
  };
  const onReplace = (): void => {
    stopAsking();
    exports.run.cancel();
  };
  const runs = new Runs({ data, models, device, projects, onReplace });
  let opened: OnDevice<OpenedDownload> | null = null;

  const openDownload = (): OnDevice<OpenedDownload> => {
    if (opened) return opened;
    throw new GraftError({ what: "no download is open", next: "Open a Graft download first" });
  };

  return {
    // Measuring changes the backend, so it waits for the run that computes on it.
    probeDevice: async () => {
      await runs.ended;
      return device.probe();
    },

    listSamples: () => Promise.resolve(samples),
    openFiles: (files, onProgress) => jobs.run(async (signal) => data.openFiles(await gather(files, signal), { onProgress, signal })),
    openSample: (id, onProgress) => jobs.run(async (signal) => data.openFiles([await fetchSample(id, embeddedBase, signal)], { onProgress, signal })),
    mapColumns: (mapping, onProgress) => jobs.run((signal) => data.mapColumns(mapping, { onProgress, signal })),
    setSplit: async (options) => {
      data.open().setSplit(options);
      return data.open().summary();
    },
    setExcluded: async (items, excluded) => {
      data.open().setExcluded(items, excluded);
      return data.open().summary();
    },
    listItems: async (query) => data.open().listItems(query),
    getItemBlob: async (item) => data.open().getItemBlob(item),
    closeData: async () => data.close(),
    writeCsv: async (table) => writeCsv(table),

    listProjects: () => projects.list(),
    keepData: (recipe, onProgress) => projects.keepData(recipe, onProgress),
    openProject: (id, onProgress) => jobs.run((signal) => projects.openProject(id, { onProgress, signal })),
    closeProject: () => projects.closeProject(),
    deleteProject: (id) => projects.deleteProject(id),
    exportProject: (id, onProgress) => exports.project.run((signal) => projects.exportProject(id, { onProgress, signal })),
    importProject: (file, onProgress) => jobs.run((signal) => projects.importProject(file, { onProgress, signal })),
    viewProject: () => projects.viewProject(),
    updateProject: (id, changes) => projects.updateProject(id, changes),
    keepDraft: (recipe) => projects.keepDraft(recipe),
    askToKeep: () => projects.askToKeep(),
    resumeRun: (run, onEvent, options) => runs.resume(run, onEvent, options),
    reopenRun: (run, onProgress) => jobs.run((signal) => runs.reopen(run, { onProgress, signal })),
    readRun: async (run) => (await projects.run(run).history()).events as readonly RunEvent[],
    updateRun: (run, changes) => projects.updateRun(run, changes),

    listModels: async (task) => models.list(task),
    importModel: (files, onProgress) =>
      jobs.run(async (signal) => {
        onProgress({ what: "Reading the model", done: 0, total: 1 });
        return models.import(files, signal);
      }),
    searchHub: (query, access) => hub.search(query, access),
    describeRepository: (question, access) => hub.describe(question, access),
    downloadRepository: (repository, access, onProgress) => downloads.run((signal) => hub.download(repository, access, { signal, onProgress })),
    cancelDownload: async () => downloads.cancel(),
    listStored: () => hub.stored(),
    deleteStored: (id) => hub.delete(id),

    describeLayers: async (recipe) => models.layers(recipe, data.dataset),
    describeGraph: async (recipe) => models.outline(recipe, data.dataset),
    describeSelection: async (recipe) => models.selection(recipe, data.dataset),
    describeTokenLengths: async (recipe) => {
      const dataset = data.open();
      if (dataset.task !== "text-classification") throw new GraftError({ what: "the open data has no texts to classify", next: "Open a CSV with texts first" });
      const { input } = await models.load(recipe.model);
      if (input.kind !== "text") throw takesText(recipe.model);
      return tokenLengths(dataset, input, recipe);
    },
    previewAugmentation: async (item, augmentation, options) => previewViews(data.open() as ImageDataset, item, augmentation, options),

    startRun: (recipe, onEvent, options) => runs.start(recipe, onEvent, options),
    controlRun: async (command) => {
      if (command.kind === "stop") return runs.stop();
      const { control } = runs.current;
      if (command.kind === "pause") control.pause();
      else if (command.kind === "resume") control.continue();
      else control.setLearningRate(command.learningRate);
    },
    getResults: () => runs.ask(async (run) => run.results()),
    keepResults: () => runs.keepResults(),
    listConfusion: (query) => runs.ask(async (run) => run.confusion(query)),
    exportRun: (options, onProgress) => exports.run.run((signal) => runs.ask((run) => exportRun(run, options, { onProgress, signal }))),
    cancelExport: async (of) => exports[of].cancel(),
    predict: async (input) => {
      explaining.cancel();
      return runs.ask((run) => run.predict(input));
    },
    explain: (request) => explaining.run((signal) => runs.ask((run) => run.explain(request, signal))),
    generate: (request, onText) => writing.run(request, onText, (...asked) => runs.ask((run) => run.write(request.which, ...asked))),
    stopGenerating: async () => writing.stop(),

    openDownload: async (files) => {
      const next = await OpenedDownload.read(files, device);
      stopAsking();
      opened?.dispose();
      opened = new OnDevice(device, next, () => OpenedDownload.read(files, device));
      return next.description;
    },
    predictOpened: async (input) => {
      explaining.cancel();
      return openDownload().ask((model) => model.predict(input));
    },
    explainOpened: (request) => explaining.run((signal) => openDownload().ask((model) => model.explain(request, signal))),
    generateOpened: async (request, onText) => {
      const current = openDownload();
      return writing.run(request, onText, (...asked) => current.ask((model) => model.write(...asked)));
    },

    cancel: async () => jobs.cancel(),
    memory: async () => memory(),
  };
}
