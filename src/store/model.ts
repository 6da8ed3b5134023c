/**
 * The models to choose from, and what the recipe's choice of model and layers means for the open data. Follows the data
 * and the recipe: whenever either changes, the worker describes the layers and the selection again, newest wish last.
 */
import { create } from "zustand";
import { CancelledError, type ErrorSentence } from "../core/errors.ts";
import { headGroupPath, type LayerGroup } from "../core/layer-group.ts";
import type { Progress } from "../protocol/api.ts";
import type { DataSummary, SourceFile } from "../protocol/data.ts";
import type { ModelCard, ModelLayers, SelectionReport } from "../protocol/models.ts";
import type { Recipe, TaskId } from "../protocol/recipe.ts";
import { sentenceOf, worker } from "./client.ts";
import { openSummary, useData } from "./data.ts";
import { useRecipe } from "./recipe.ts";

interface ModelState {
  readonly task: TaskId | null;
  readonly cards: readonly ModelCard[];
  readonly layers: ModelLayers | null;
  readonly report: SelectionReport | null;
  /** Paths of the leaf groups that learn: the person's choice at once, then the worker's word on it. */
  readonly trainable: ReadonlySet<string>;
  readonly importing: Progress | null;
  readonly error: ErrorSentence | null;

  readonly choose: (id: string) => void;
  /** Another model to choose from, in place of one of the same id. */
  readonly add: (card: ModelCard) => void;
  /** One that is gone; where it was chosen, the first is. */
  readonly forget: (id: string) => void;
  readonly importFiles: (files: readonly SourceFile[]) => Promise<void>;
  readonly cancelImport: () => Promise<void>;
  /** Writes the recipe's `unfreeze`; `trainable` is shown until the worker has answered. */
  readonly unfreeze: (choice: Recipe["unfreeze"], trainable?: ReadonlySet<string>) => void;
  readonly fail: (error: ErrorSentence) => void;
}

/** The new classifier, where there is one. It always learns. */
export function headOf(layers: ModelLayers): LayerGroup | undefined {
  return layers.groups.find(({ path }) => path === headGroupPath);
}

/** Which layers learn before anybody has chosen: a model that writes has no new head that could learn alone. */
function firstLayers(task: TaskId): Recipe["unfreeze"] {
  return task === "text-generation" ? "all" : "head";
}

export const useModel = create<ModelState>()((set, get) => ({
  task: null,
  cards: [],
  layers: null,
  report: null,
  trainable: new Set(),
  importing: null,
  error: null,

  choose: (id) => {
    set({ error: null });
    const pixelRange = get().cards.find((card) => card.id === id)?.pixelRange;
    useRecipe.getState().update({ model: id, unfreeze: firstLayers(useRecipe.getState().recipe.task), ...(pixelRange && { pixelRange }) });
  },

  add: (card) => {
    set(({ cards }) => ({ cards: [...cards.filter(({ id }) => id !== card.id), card] }));
  },

  forget: (id) => {
    const cards = get().cards.filter((card) => card.id !== id);
    set({ cards });
    const [first] = cards;
    if (first && useRecipe.getState().recipe.model === id) get().choose(first.id);
  },

  importFiles: async (files) => {
    set({ importing: { what: "Reading the model", done: 0, total: 0 }, error: null });
    try {
      const card = await worker().importModel(files, (progress) => {
        if (get().importing) set({ importing: progress });
      });
      set({ importing: null });
      get().add(card);
      get().choose(card.id);
    } catch (error) {
      set({ importing: null, error: error instanceof CancelledError ? null : sentenceOf(error) });
    }
  },

  cancelImport: () => worker().cancel(),

  unfreeze: (choice, trainable) => {
    if (trainable) set({ trainable });
    useRecipe.getState().update({ unfreeze: choice });
  },

  fail: (error) => {
    set({ error });
  },
}));

/** What the layers depend on; the selection depends on the whole recipe. */
function layersKey(recipe: Recipe, summary: DataSummary): string {
  return JSON.stringify([recipe.task, recipe.model, recipe.imageSize, recipe.maxTokens, recipe.head, recipe.lora, summary.name, summary.classes.map(({ name }) => name)]);
}

let describedLayers = "";
let describing = false;
let again = false;

async function loadCards(task: TaskId): Promise<void> {
  const cards = await worker().listModels(task);
  const isOtherTask = useModel.getState().task !== null;
  useModel.setState({ task, cards });
  const { recipe, update } = useRecipe.getState();
  const first = cards[0];
  const model = cards.some(({ id }) => id === recipe.model) ? recipe.model : first?.id;
  if (model !== undefined && (isOtherTask || model !== recipe.model)) update({ model, unfreeze: firstLayers(task) });
}

async function describe(summary: DataSummary): Promise<void> {
  if (useModel.getState().task !== summary.task) await loadCards(summary.task);
  const { recipe } = useRecipe.getState();
  const key = layersKey(recipe, summary);
  if (key !== describedLayers) {
    useModel.setState({ layers: await worker().describeLayers(recipe) });
    describedLayers = key;
  }
  const report = await worker().describeSelection(recipe);
  if (useRecipe.getState().recipe.unfreeze === recipe.unfreeze) useModel.setState({ report, trainable: new Set(report.trainable), error: null });
}

/** One description at a time; a change during one causes exactly one more. */
async function follow(): Promise<void> {
  const summary = openSummary(useData.getState());
  if (summary === null) return;
  again = true;
  if (describing) return;
  describing = true;
  while (again) {
    again = false;
    const current = openSummary(useData.getState());
    if (current === null) break;
    try {
      await describe(current);
    } catch (error) {
      describedLayers = "";
      useModel.setState({ layers: null, report: null, error: sentenceOf(error) });
    }
  }
  describing = false;
}

useRecipe.subscribe(() => void follow());
useData.subscribe((state, before) => {
  if (openSummary(state) !== openSummary(before)) void follow();
});
