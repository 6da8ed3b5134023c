/** Downloads from a server with the hub's routes into storage: whole, broken, cancelled, resumed, changed under way, wrong. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CancelledError } from "../core/errors.ts";
import type { Progress } from "../protocol/api.ts";
import { describeRepository, type RepositoryFacts } from "./client.ts";
import { HubLibrary, hubId } from "./library.ts";
import { storedName } from "../storage/storage.ts";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import { someBytes, textRepository } from "./testing/repositories.ts";
import { startHub, type TestHub } from "./testing/server.ts";

const weights = someBytes(200_000);
const repository = textRepository({}, weights);
const folder = storedName(`${repository.name}@${repository.revision}`);
const part = `${storedName("model.safetensors")}.part`;
const tag = `${storedName("model.safetensors")}.etag`;

let hub: TestHub;
let storage: MemoryStorage;
let library: HubLibrary;
let facts: RepositoryFacts;
let reports: Progress[];
beforeEach(async () => {
  hub = await startHub([repository]);
  storage = new MemoryStorage();
  library = new HubLibrary(storage);
  facts = await describeRepository({ name: repository.name, task: "text-classification" }, { base: hub.url }, { has: () => true, check: () => {} });
  hub.asked.length = 0;
  reports = [];
});
afterEach(() => hub.close());

const download = (): Promise<string> =>
  library.download(facts, { base: hub.url, token: "hf_secret" }, { signal: new AbortController().signal, onProgress: (progress) => void reports.push(progress), pausesMs: [1, 1, 1], stalledMs: 500 });
const rangesOfWeights = (): (string | undefined)[] => hub.asked.filter(({ path }) => path.length > 60 && !path.includes("resolve")).map(({ range }) => range);
const hasWeights = async (): Promise<boolean> => {
  const file = (await library.files(hubId(repository))).find(({ path }) => path === "model.safetensors");
  return Buffer.from((await file?.blob.arrayBuffer()) ?? new ArrayBuffer()).equals(weights);
};

describe("a download", () => {
  it("brings every file, byte for byte, and is listed when whole", async () => {
    expect(await download()).toBe("hub:someone/tiny-bert@0123456");
    expect(await hasWeights()).toBe(true);
    expect((await library.files(hubId(repository))).map(({ path }) => path)).toEqual(["config.json", "README.md", "tokenizer.json", "model.safetensors"]);
    const { models, modelBytes } = await library.report();
    expect(models).toMatchObject([{ id: hubId(repository), name: repository.name, licence: "apache-2.0", isWhole: true, bytes: facts.totalBytes, totalBytes: facts.totalBytes }]);
    expect(modelBytes).toBe(facts.totalBytes);
    expect(reports.at(-1)).toEqual({ what: "Downloading someone/tiny-bert", done: facts.totalBytes, total: facts.totalBytes });
    expect(storage.persistAsked).toBe(1);
    expect([...(storage.content.get(folder)?.keys() ?? [])].filter((name) => /\.(part|etag)$|plan/.test(name))).toEqual([]);
  });

  it("keeps the token from the host that the hub sends on to", async () => {
    await download();
    const [config, ...others] = hub.asked;
    expect(config?.authorization).toBe("Bearer hf_secret");
    expect(others.at(-1)?.path).not.toContain("resolve");
    expect(others.at(-1)?.authorization).toBeUndefined();
  });

  it("goes on where the line broke, by range and nothing that a page would have to ask for first", async () => {
    misbehave([{ kind: "break", after: 50_000 }, { kind: "status", status: 503 }, { kind: "break", after: 30_000 }]);
    await download();
    expect(await hasWeights()).toBe(true);
    expect(rangesOfWeights()).toEqual([undefined, "bytes=50000-", "bytes=50000-", "bytes=80000-"]);
    expect(hub.asked.every(({ ifRange }) => ifRange === undefined)).toBe(true);
  });

  it("gives up with a sentence when nothing comes any more, and keeps what came", async () => {
    misbehave([{ kind: "break", after: 50_000 }, ...Array.from({ length: 3 }, () => ({ kind: "break", after: 0 }) as const)]);
    await expect(download()).rejects.toThrow(/model\.safetensors: the connection broke, several times.*goes on from there/);
    const { models } = await library.report();
    expect(models).toMatchObject([{ isWhole: false }]);
    expect(models[0]?.bytes).toBeGreaterThanOrEqual(50_000);
    expect((await library.complete(facts)).storedBytes).toBe(models[0]?.bytes);
    await expect(library.files(hubId(repository))).rejects.toThrow(/not stored in this browser/);
    await download();
    expect(rangesOfWeights().at(-1)).toBe("bytes=50000-");
    expect(await hasWeights()).toBe(true);
  });

  it("takes a line that brings nothing for broken", async () => {
    misbehave([{ kind: "stall", after: 70_000 }]);
    await download();
    expect(rangesOfWeights()).toEqual([undefined, "bytes=70000-"]);
    expect(await hasWeights()).toBe(true);
  });

  it("stops when cancelled, keeps what came, and goes on from there the next time", async () => {
    hub.pace = 20_000;
    const stop = new AbortController();
    const first = library.download(facts, { base: hub.url }, { signal: stop.signal, onProgress: ({ done }) => void (done > 40_000 && stop.abort()) });
    await expect(first).rejects.toBeInstanceOf(CancelledError);
    hub.pace = null;
    const kept = storage.content.get(folder)?.get(part)?.byteLength ?? 0;
    expect(kept).toBeGreaterThan(30_000);
    expect(kept).toBeLessThan(weights.byteLength);
    await download();
    expect(rangesOfWeights().at(-1)).toBe(`bytes=${kept}-`);
    expect(await hasWeights()).toBe(true);
    const before = hub.asked.length;
    await download();
    expect(hub.asked.length).toBe(before);
  });

  it("reports at most ten times a second", async () => {
    hub.pace = 10_000;
    const began = Date.now();
    await download();
    expect(reports.length).toBeGreaterThan(2);
    expect(reports.length).toBeLessThanOrEqual((Date.now() - began) / 100 + 4);
  });

  it("starts again where the file is another by now, or the host knows no ranges", async () => {
    const keep = async (etag: string | null): Promise<void> => {
      storage.content.clear();
      await put(part, someBytes(60_000, 99));
      if (etag !== null) await put(tag, new TextEncoder().encode(etag));
    };
    await keep('"another"');
    await download();
    expect(await hasWeights()).toBe(true);
    await keep('"another"');
    hub.asked.length = 0;
    misbehave([{ kind: "no-ranges" }]);
    await download();
    expect(rangesOfWeights()).toEqual(["bytes=60000-"]);
    expect(await hasWeights()).toBe(true);
  });
});

describe("what is not what the hub promised", () => {
  it("is thrown away, with both checksums in the sentence", async () => {
    const wrong = { ...facts, files: facts.files.map((file) => (file.sha256 === null ? file : { ...file, sha256: "0".repeat(64) })) };
    await expect(library.download(wrong, { base: hub.url }, { signal: new AbortController().signal, onProgress: () => {} })).rejects.toThrow(/model\.safetensors: its SHA-256 is [0-9a-f]{64}, and the hub's list says 0{64}.*thrown away/);
    expect(storage.content.get(folder)?.has(part)).toBe(false);
    expect((await library.report()).models).toMatchObject([{ isWhole: false }]);
  });

  it("shows in a half that is of another file with no tag to tell", async () => {
    await put(part, someBytes(60_000, 99));
    await expect(download()).rejects.toThrow(/its SHA-256 is/);
    expect(storage.content.get(folder)?.has(part)).toBe(false);
    await download();
    expect(await hasWeights()).toBe(true);
  });
});

describe("what is stored", () => {
  it("keeps a note, is deleted whole, and lies in folders that no path leads out of", async () => {
    const id = await download();
    await library.note(id, { card: 1 });
    expect([...(await library.notes())]).toEqual([[id, { card: 1 }]]);
    expect([...storage.content.keys()].every((name) => /^[\w%-]+$/.test(name))).toBe(true);
    expect(storedName("../../x")).toBe("%2E%2E%2F%2E%2E%2Fx");
    await library.delete(id);
    expect(storage.content.size).toBe(0);
    expect((await library.report()).models).toEqual([]);
  });

  it("that lost a file says so", async () => {
    const id = await download();
    storage.content.get(folder)?.delete(storedName("tokenizer.json"));
    await expect(library.files(id)).rejects.toThrow(/tokenizer\.json: the browser has lost a part/);
  });
});

async function put(name: string, bytes: Uint8Array): Promise<void> {
  const writer = await storage.append(folder, name, 0);
  await writer.write(Uint8Array.from(bytes));
  await writer.close();
}

/** For the weights: it begins when the small files have passed. */
function misbehave(mischief: TestHub["mischief"]): void {
  hub.mischief.push(...facts.files.slice(1).map(() => null), ...mischief);
}
