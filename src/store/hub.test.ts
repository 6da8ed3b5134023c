/** The hub's store against a worker that does as told: late answers, downloads that end in each way, deletion. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CancelledError, GraftError } from "../core/errors.ts";
import type { Progress } from "../protocol/api.ts";
import type { HubHit, HubRepository, StoredModel } from "../protocol/hub.ts";
import type { ModelCard } from "../protocol/models.ts";

const worker = vi.hoisted(() => ({ searchHub: vi.fn(), describeRepository: vi.fn(), downloadRepository: vi.fn(), cancelDownload: vi.fn(), listStored: vi.fn(), deleteStored: vi.fn() }));
vi.mock("./client.ts", () => ({ worker: () => worker, sentenceOf: (error: unknown) => (error instanceof GraftError ? error.sentence : { what: String(error) }) }));
const { useHub } = await import("./hub.ts");
const { useModel } = await import("./model.ts");
const { useRecipe } = await import("./recipe.ts");

const repository = { name: "a/b", revision: "0123456789", storedBytes: 0, totalBytes: 100 } as HubRepository;
const card = { id: "hub:a/b@0123456", tasks: ["image-classification"] } as unknown as ModelCard;
const stored = (bytes: number): { readonly models: readonly Partial<StoredModel>[] } => ({ models: [{ name: "a/b", revision: "0123456789", bytes }] });
const begin = useHub.getState();

beforeEach(() => {
  vi.resetAllMocks();
  useHub.setState({ ...begin, picked: { kind: "open", name: "a/b", repository } }, true);
  useModel.setState({ cards: [{ id: "first" } as ModelCard] });
  worker.listStored.mockResolvedValue(stored(0));
});

describe("the hub's store", () => {
  it("shows the answer to the last question, whenever the earlier ones arrive", async () => {
    const answers: ((hits: readonly HubHit[]) => void)[] = [];
    worker.searchHub.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    const first = useHub.getState().search("res");
    const second = useHub.getState().search("resnet");
    answers[1]?.([{ name: "resnet" } as HubHit]);
    answers[0]?.([{ name: "res" } as HubHit]);
    await Promise.all([first, second]);
    expect(useHub.getState().hits).toEqual({ kind: "found", hits: [{ name: "resnet" }] });
  });

  it("chooses what was downloaded, where it is for the open task", async () => {
    worker.downloadRepository.mockResolvedValue(card);
    await useHub.getState().start();
    expect(useHub.getState()).toMatchObject({ download: null, isOpen: false, error: null });
    expect(useRecipe.getState().recipe.model).toBe(card.id);
    await useHub.getState().remove(card.id);
    expect(useRecipe.getState().recipe.model).toBe("first");

    worker.downloadRepository.mockResolvedValue({ ...card, tasks: ["text-classification"] });
    useHub.setState({ picked: { kind: "open", name: "a/b", repository } });
    await useHub.getState().start();
    expect(useRecipe.getState().recipe.model).toBe("first");
  });

  it("leaves open what is looked at by the time a download ends", async () => {
    const other = { kind: "open", name: "c/d", repository: { ...repository, name: "c/d" } } as const;
    worker.downloadRepository.mockImplementation(async () => (useHub.setState({ picked: other }), card));
    useHub.setState({ isOpen: true });
    await useHub.getState().start();
    expect(useHub.getState()).toMatchObject({ download: null, isOpen: true, picked: other });
    expect(useRecipe.getState().recipe.model).toBe(card.id);
  });

  it("does not show a hub the token of another, nor what another says", async () => {
    const answers: ((found: HubRepository) => void)[] = [];
    worker.describeRepository.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    worker.searchHub.mockResolvedValue([]);
    useHub.getState().setToken("hf_secret");
    const first = useHub.getState().pick("a/b");
    useHub.getState().setBase("https://mirror.example");
    expect(useHub.getState()).toMatchObject({ base: "https://mirror.example", token: "", picked: { kind: "none" } });
    const second = useHub.getState().pick("a/b");
    answers[0]?.(repository);
    await first;
    expect(useHub.getState().picked.kind).toBe("asking");
    answers[1]?.(repository);
    await second;
    expect(useHub.getState().picked.kind).toBe("open");
    expect(worker.describeRepository.mock.calls.map(([, access]) => (access as { token?: string }).token)).toEqual(["hf_secret", undefined]);
  });

  it("shows what arrived after a cancel, without asking the hub, and says nothing; a failure says why", async () => {
    worker.downloadRepository.mockImplementation(async (_repository, _access, onProgress: (progress: Progress) => void) => {
      onProgress({ what: "Downloading a/b", done: 40, total: 100 });
      expect(useHub.getState().download?.progress.done).toBe(40);
      throw new CancelledError();
    });
    worker.listStored.mockResolvedValue(stored(40));
    await useHub.getState().start();
    expect(useHub.getState()).toMatchObject({ download: null, error: null, picked: { repository: { storedBytes: 40 } } });
    expect(worker.describeRepository).not.toHaveBeenCalled();

    worker.downloadRepository.mockRejectedValue(new GraftError({ what: "the connection broke" }));
    await useHub.getState().start();
    expect(useHub.getState()).toMatchObject({ download: null, error: { what: "the connection broke" } });
  });
});
