/** The models that a person can start from: the catalog's, loaded when first used, those brought along, and those stored from a hub. */
import { CancelledError, GraftError } from "../core/errors.ts";
import type { Dataset } from "../data/dataset.ts";
import { engineOf } from "../tasks/engines.ts";
import { Rng } from "../core/rng.ts";
import { catalog } from "../models/catalog.ts";
import { openModelFiles } from "../models/open.ts";
import type { LoadedModel } from "../models/types.ts";
import { layerGroups, leavesOf } from "../graph/layer-groups.ts";
import { outlineOf } from "../graph/outline.ts";
import { isWithin } from "../graph/paths.ts";
import { resolveUnfreeze } from "../graph/unfreeze.ts";
import type { Graph } from "../graph/types.ts";
import type { SourceFile } from "../protocol/data.ts";
import type { ModelCard, ModelLayers, OutlineNode, SelectionReport } from "../protocol/models.ts";
import type { Recipe, TaskId } from "../protocol/recipe.ts";
import { countWeights } from "../graph/parameters.ts";
import { estimateMemory } from "../train/memory-estimate.ts";
import { isHubId, type HubModels } from "./hub-models.ts";
import { concreteInputShapes } from "./model-input.ts";

interface Imported {
  readonly files: readonly SourceFile[];
  readonly card: ModelCard;
  readonly loaded: LoadedModel;
}

export class ModelStore {
  private readonly imported = new Map<string, Imported>();
  private readonly loading = new Map<string, Promise<LoadedModel>>();
  private readonly assetBase: string;

  private readonly hub: HubModels;

  /** @param assetBase where the embedded files are served, with a trailing slash. */
  constructor(assetBase: string, hub: HubModels) {
    this.assetBase = assetBase;
    this.hub = hub;
  }

  async list(task: TaskId): Promise<readonly ModelCard[]> {
    const all = [...catalog.map((family) => family.card), ...[...this.imported.values()].map(({ card }) => card), ...(await this.hub.cards())];
    return all.filter((card) => card.tasks.includes(task));
  }

  /** @throws CancelledError once the signal is aborted; the model is not listed then. */
  async import(files: readonly SourceFile[], signal?: AbortSignal): Promise<ModelCard> {
    const imported = await openModelFiles(files);
    if (signal?.aborted) throw new CancelledError();
    this.imported.set(imported.card.id, { ...imported, files });
    return imported.card;
  }

  /** What a model that was brought along was read from; undefined for every other. */
  importedFiles(id: string): readonly SourceFile[] | undefined {
    return this.imported.get(id)?.files;
  }

  async load(id: string): Promise<LoadedModel> {
    const imported = this.imported.get(id);
    if (imported) return imported.loaded;
    if (isHubId(id)) return this.hub.load(id);
    const family = catalog.find((candidate) => candidate.card.id === id);
    if (!family) {
      throw new GraftError({ where: `model "${id}"`, what: "no such model", wanted: `one of ${[...catalog.map(({ card }) => card.id), ...this.imported.keys()].map((name) => `"${name}"`).join(", ")}`, next: "An imported model has to be dropped in again after a reload" });
    }
    let loading = this.loading.get(id);
    if (!loading) {
      loading = family.load((path) => this.fetchEmbedded(path));
      this.loading.set(id, loading);
      loading.catch(() => this.loading.delete(id));
    }
    return loading;
  }

  /** The layers as they will be trained on the open data, if there are any. */
  async layers(recipe: Recipe, dataset: Dataset | null): Promise<ModelLayers> {
    const { graph } = await this.grafted(recipe, dataset);
    const groups = layerGroups(graph);
    return { modelId: recipe.model, groups, totalParameters: groups.reduce((sum, group) => sum + group.parameterCount, 0) };
  }

  async outline(recipe: Recipe, dataset: Dataset | null): Promise<readonly OutlineNode[]> {
    const { graph, loaded } = await this.grafted(recipe, dataset);
    return outlineOf(graph, concreteInputShapes(loaded, recipe));
  }

  async selection(recipe: Recipe, dataset: Dataset | null): Promise<SelectionReport> {
    const { graph, loaded } = await this.grafted(recipe, dataset);
    const trainable = resolveUnfreeze(graph, recipe.unfreeze, loaded.blocks);
    const { stepBytes, cachedBytesPerView } = estimateMemory(graph, trainable, concreteInputShapes(loaded, recipe), recipe);
    const leaves = leavesOf(layerGroups(graph));
    return {
      trainable: leaves.map(({ path }) => path).filter((path) => [...trainable].some((name) => isWithin(name, path))),
      trainableParameters: countWeights(graph, (name) => trainable.has(name)),
      totalParameters: countWeights(graph),
      memoryBytes: stepBytes,
      cacheBytes: cachedBytesPerView * (dataset?.summary().itemCount ?? 0),
    };
  }

  private async grafted(recipe: Recipe, dataset: Dataset | null): Promise<{ readonly graph: Graph; readonly loaded: LoadedModel }> {
    const loaded = await this.load(recipe.model);
    const engine = engineOf(recipe.task);
    return { graph: engine.graft(loaded, recipe, engine.classes(dataset, recipe), new Rng(recipe.seed)).graph, loaded };
  }

  private async fetchEmbedded(path: string): Promise<ArrayBuffer> {
    const response = await fetch(`${this.assetBase}${path}`);
    if (!response.ok) throw new GraftError({ where: path, what: `the page's server answered ${response.status}`, next: "Reload the page; if it stays so, start Graft again" });
    return response.arrayBuffer();
  }
}
