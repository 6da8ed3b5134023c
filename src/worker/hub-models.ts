/** Models of a hub, as models to start from: joins what the hub's code stores with what opens a checkpoint. */
import { CancelledError, GraftError } from "../core/errors.ts";
import { JsonCursor } from "../formats/json-cursor.ts";
import { writesText } from "../graph/surgery/decode-step.ts";
import { describeRepository, searchHub, type Families } from "../hub/client.ts";
import { HubLibrary, type DownloadOptions } from "../hub/library.ts";
import { OpfsStorage } from "../storage/opfs.ts";
import { checkpointFamilies } from "../models/checkpoints/families.ts";
import { familyOf } from "../models/checkpoints/find-family.ts";
import { openCheckpoint } from "../models/checkpoints/open.ts";
import type { LoadedModel } from "../models/types.ts";
import type { HubAccess, HubHit, HubQuery, HubQuestion, HubRepository, StorageReport } from "../protocol/hub.ts";
import type { ModelCard } from "../protocol/models.ts";

export function isHubId(id: string): boolean {
  return id.startsWith("hub:");
}

const families: Families = {
  // timm names an architecture, which begins with the family's name.
  has: (type, task) => checkpointFamilies.some(({ modelTypes, writes }) => (writes || task !== "text-generation") && modelTypes.some((known) => type === known || type.startsWith(`${known}_`))),
  check: (config, where, task) => {
    const cursor = new JsonCursor(config, where);
    const { graph } = familyOf(cursor).build(cursor);
    if (task === "text-generation" && !writesText(graph)) throw writesNothing(where);
  },
};

function writesNothing(where: string): GraftError {
  const known = checkpointFamilies.filter(({ writes }) => writes).flatMap(({ modelTypes }) => modelTypes);
  return new GraftError({ where, what: "it does not write text", wanted: `a causal language model with its head, of a family that Graft reads: ${known.join(", ")}`, next: "Search for another, or choose a task that reads texts" });
}

export class HubModels {
  private readonly library: HubLibrary;
  /** The one opened last: weights of more than one are more than a tab should hold. */
  private opened: { readonly id: string; readonly loaded: Promise<LoadedModel> } | null = null;

  constructor(library = new HubLibrary(new OpfsStorage("hub"))) {
    this.library = library;
  }

  search(query: HubQuery, access: HubAccess): Promise<readonly HubHit[]> {
    return searchHub(query, access, families);
  }

  async describe(question: HubQuestion, access: HubAccess): Promise<HubRepository> {
    return this.library.complete(await describeRepository(question, access, families));
  }

  /** @throws GraftError where it cannot be had or not be opened, CancelledError; what is stored stays, for the person to delete, and is not listed among the models. */
  async download(repository: HubRepository, access: HubAccess, options: Pick<DownloadOptions, "signal" | "onProgress">): Promise<ModelCard> {
    const id = await this.library.download(repository, access, options);
    options.onProgress({ what: "Opening the model", done: 0, total: 0 });
    const { card, loaded } = await openCheckpoint(await this.library.files(id));
    if (options.signal.aborted) throw new CancelledError();
    this.opened = { id, loaded: Promise.resolve(loaded) };
    const named: ModelCard = {
      ...card,
      id,
      name: repository.name,
      licence: repository.licence ?? card.licence,
      source: `${repository.url}, commit ${repository.revision.slice(0, 7)}`,
      downloadBytes: repository.totalBytes,
      origin: "hub",
    };
    await this.library.note(id, named);
    return named;
  }

  /** Of the stored models that were opened once. */
  async cards(): Promise<readonly ModelCard[]> {
    return [...(await this.library.notes()).values()] as readonly ModelCard[];
  }

  /** @throws GraftError if it is not stored. */
  load(id: string): Promise<LoadedModel> {
    if (this.opened?.id === id) return this.opened.loaded;
    const loaded = this.library.files(id).then(async (files) => (await openCheckpoint(files)).loaded);
    this.opened = { id, loaded };
    // A model that could not be opened is tried again when it is asked for again.
    loaded.catch(() => {
      if (this.opened?.loaded === loaded) this.opened = null;
    });
    return loaded;
  }

  stored(): Promise<StorageReport> {
    return this.library.report();
  }

  async delete(id: string): Promise<void> {
    if (this.opened?.id === id) this.opened = null;
    await this.library.delete(id);
  }
}
