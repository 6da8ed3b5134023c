import { describe, expect, it } from "vitest";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import { runFormat, type RunRecord } from "./records.ts";
import { RecordFile } from "./record-file.ts";

describe("changes of one record", () => {
  it("take turns, through however many hands they come: none undoes another", async () => {
    const storage = new MemoryStorage();
    const hand = (): RecordFile<RunRecord> => new RecordFile(storage, "project~1", runFormat, "run 1");
    const record: RunRecord = { name: "Run 1", createdAt: 1, state: "running", recipe: {}, model: null, data: 1, excluded: [], split: null, continues: null, results: null, notes: "", deletedAt: null };
    await hand().write(record);
    const changed = (changes: Partial<RunRecord>) => (before: RunRecord | null): RunRecord => ({ ...(before as RunRecord), ...changes });
    await Promise.all([hand().change(changed({ state: "finished", results: { score: 1 } })), hand().change(changed({ notes: "the good one" })), hand().change(changed({ name: "Best" }))]);
    expect(await hand().read()).toEqual({ ...record, state: "finished", results: { score: 1 }, notes: "the good one", name: "Best" });
  });
});
