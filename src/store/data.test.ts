/** The phases of opening data, against a worker that answers as told: nothing that was open is lost by what goes wrong. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CancelledError, GraftError } from "../core/errors.ts";
import type { DataSummary, OpenedData, TablePreview } from "../protocol/data.ts";

const worker = vi.hoisted(() => ({ openFiles: vi.fn(), openSample: vi.fn(), mapColumns: vi.fn(), setExcluded: vi.fn(), setSplit: vi.fn() }));
vi.mock("./client.ts", () => ({ worker: () => worker, sentenceOf: (error: unknown) => (error instanceof GraftError ? error.sentence : { what: String(error) }) }));
const { openSummary, useData } = await import("./data.ts");
const { useRecipe } = await import("./recipe.ts");

const pets: DataSummary = {
  name: "pets",
  task: "image-classification",
  classes: [],
  itemCount: 4,
  counts: { train: 3, validation: 1, test: 0 },
  excluded: 0,
  splitSource: "seeded",
  issues: [],
  trainable: true,
};
const messages: DataSummary = { ...pets, name: "messages.csv", task: "text-classification", columns: { text: "message", label: "label" } };
const preview: TablePreview = { fileName: "messages.csv", encoding: "UTF-8", delimiter: ",", hasHeader: true, columns: [], rows: [], rowCount: 0, proposed: { text: "message", label: "label" }, proposedGeneration: { completion: "message" }, likelyTask: "text-classification" };
const ready = (summary: DataSummary): OpenedData => ({ kind: "ready", summary });

const start = { data: useData.getState(), recipe: useRecipe.getState() };
beforeEach(() => {
  vi.resetAllMocks();
  useData.setState(start.data, true);
  useRecipe.setState(start.recipe, true);
});

describe("opening data", () => {
  it("makes it ready and tells the recipe its task", async () => {
    worker.openFiles.mockResolvedValue({ kind: "table", preview } satisfies OpenedData);
    await useData.getState().openFiles([]);
    expect(useData.getState().phase.kind).toBe("mapping");
    worker.mapColumns.mockResolvedValue(messages);
    await useData.getState().mapColumns(preview.proposed);
    expect(useData.getState().phase).toEqual({ kind: "ready", summary: messages });
    expect(useRecipe.getState().recipe).toMatchObject({ task: "text-classification", columns: { text: "message", label: "label" } });
  });

  it("keeps the open data when other data cannot be read, and says why", async () => {
    worker.openSample.mockResolvedValue(ready(pets));
    await useData.getState().openSample("pets");
    worker.openFiles.mockRejectedValue(new GraftError({ where: "broken.zip", what: "not a zip" }));
    await useData.getState().openFiles([]);
    expect(useData.getState().error).toEqual({ where: "broken.zip", what: "not a zip" });
    expect(openSummary(useData.getState())).toEqual(pets);
    useData.getState().keep();
    expect(useData.getState().phase).toEqual({ kind: "ready", summary: pets });
  });

  it("says nothing when the person cancelled", async () => {
    worker.openFiles.mockRejectedValue(new CancelledError());
    await useData.getState().openFiles([]);
    expect(useData.getState().phase).toEqual({ kind: "choosing", previous: null });
    expect(useData.getState().error).toBeNull();
  });

  it("stays at the columns when they turn out not to fit", async () => {
    worker.openFiles.mockResolvedValue({ kind: "table", preview } satisfies OpenedData);
    await useData.getState().openFiles([]);
    worker.mapColumns.mockRejectedValue(new GraftError({ what: "every label is empty" }));
    await useData.getState().mapColumns(preview.proposed);
    expect(useData.getState().phase).toEqual({ kind: "mapping", preview, progress: null });
    expect(useData.getState().error?.what).toBe("every label is empty");
  });

  it("splits newly opened data as the recipe already says", async () => {
    useRecipe.getState().update({ split: { validation: 0.3, test: 0.1 }, seed: 7 });
    worker.openSample.mockResolvedValue(ready(pets));
    worker.setSplit.mockResolvedValue({ ...pets, counts: { train: 2, validation: 1, test: 1 } });
    await useData.getState().openSample("pets");
    expect(worker.setSplit).toHaveBeenCalledExactlyOnceWith({ validation: 0.3, test: 0.1, seed: 7 });
    expect(openSummary(useData.getState())?.counts.test).toBe(1);
  });
});

describe("excluding items", () => {
  beforeEach(async () => {
    worker.openSample.mockResolvedValue(ready(pets));
    await useData.getState().openSample("pets");
  });

  it("shows at once and can be taken back", async () => {
    worker.setExcluded.mockResolvedValue({ ...pets, excluded: 2 });
    const done = useData.getState().setExcluded([1, 2], true);
    expect(useData.getState().exclusions.get(1)).toBe(true);
    await done;
    expect(openSummary(useData.getState())?.excluded).toBe(2);
    worker.setExcluded.mockResolvedValue(pets);
    await useData.getState().undoExclusion();
    expect(worker.setExcluded).toHaveBeenLastCalledWith([1, 2], false);
    expect(useData.getState().exclusions.get(1)).toBe(false);
    expect(useData.getState().lastExclusion).toBeNull();
  });

  it("is undone when the worker refuses", async () => {
    worker.setExcluded.mockRejectedValue(new Error("no"));
    await useData.getState().setExcluded([1], true);
    expect(useData.getState().exclusions.has(1)).toBe(false);
    expect(useData.getState().error).not.toBeNull();
  });
});
