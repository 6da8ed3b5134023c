/** What the hub says, asked of a server with the hub's routes: search, one repository, and every way in which it can refuse. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GraftError } from "../core/errors.ts";
import type { HubAccess } from "../protocol/hub.ts";
import { asker } from "./ask.ts";
import { describeRepository, type Families, repositoryName, searchHub } from "./client.ts";
import { curated } from "./curated.ts";
import { fitOf } from "./fit.ts";
import { startHub, type TestHub } from "./testing/server.ts";
import { someBytes, textRepository } from "./testing/repositories.ts";

const families = new Set(["bert", "vit", "mobilenetv3_small_100", "gpt2"]);
const known: Families = {
  has: (type, task) => families.has(type) && (task !== "text-generation" || type === "gpt2"),
  check: (config, where, task) => {
    const type = String((config as { model_type?: string }).model_type);
    if (!families.has(type)) throw new GraftError({ where, what: `it is of the kind "${type}"` });
    if (!known.has(type, task)) throw new GraftError({ where, what: "it does not write text" });
  },
};
const reading = "text-classification";
const plain = textRepository();
const shards: ReadonlyMap<string, Uint8Array> = new Map([
  ["config.json", new TextEncoder().encode('{"model_type":"bert"}')],
  ["model.safetensors.index.json", new TextEncoder().encode("{}")],
  ["model-00002-of-00002.safetensors", someBytes(4000)],
  ["model-00001-of-00002.safetensors", someBytes(3000)],
]);

let hub: TestHub;
let access: HubAccess;
beforeAll(async () => {
  hub = await startHub([
    plain,
    textRepository({ name: "other/bert-popular", downloads: 99_999, gated: "auto", token: undefined }),
    textRepository({ name: "other/bert-speech", task: "automatic-speech-recognition" }),
    textRepository({ name: "other/bert-strange", modelType: "strange", files: new Map([...plain.files, ["config.json", new TextEncoder().encode('{"model_type":"strange"}')]]) }),
    textRepository({ name: "other/bert-that-writes", task: "text-generation", modelType: "gpt2", files: new Map([...plain.files, ["config.json", new TextEncoder().encode('{"model_type":"gpt2"}')], ["chat_template.jinja", new TextEncoder().encode("{{ messages }}")]]) }),
    textRepository({ name: "other/bert-pickled", tags: ["bert"] }),
    textRepository({ name: "other/shards", files: shards }),
    textRepository({ name: "other/no-weights", files: new Map([["config.json", new TextEncoder().encode('{"model_type":"bert"}')]]) }),
    textRepository({ name: "other/terms", gated: "auto", token: "hf_right" }),
    textRepository({ name: "other/private", token: "hf_right" }),
  ]);
  access = { base: `${hub.url}/` };
});
afterAll(() => hub.close());

const sentence = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GraftError);
  return (error as GraftError).message;
};

describe("search", () => {
  it("shows what Graft reads for the task, most downloaded first", async () => {
    const hits = await searchHub({ text: "bert", task: "text-classification" }, access, known);
    expect(hits.map(({ name }) => name)).toEqual(["other/bert-popular", "someone/tiny-bert", "other/bert-that-writes"]);
    expect(hits[1]).toEqual({ name: "someone/tiny-bert", modelType: "bert", licence: "apache-2.0", downloads: 12_345, parameters: 25_000, bytes: 100_000, gate: "open" });
    expect(hits[0]).toMatchObject({ gate: "asks-terms" });
    expect(await searchHub({ text: "bert", task: "image-classification" }, access, known)).toEqual([]);
  });

  it("for writing shows what writes; of anything else that is asked for by its name, what it is good for is said when it is picked", async () => {
    const found = async (text: string): Promise<readonly string[]> => (await searchHub({ text, task: "text-generation" }, access, known)).map(({ name }) => name);
    expect(await found("bert")).toEqual(["other/bert-that-writes"]);
    expect(await found("someone/tiny-bert")).toEqual(["someone/tiny-bert"]);
    const describe = async (name: string): Promise<string | undefined> => (await describeRepository({ name, task: "text-generation" }, access, known)).problem?.what;
    expect(await describe("someone/tiny-bert")).toBe("it does not write text");
    expect(await describe("other/bert-strange")).toBe('it is of the kind "strange"');
    expect(await describe("other/bert-that-writes")).toBeUndefined();
    const { files } = await describeRepository({ name: "other/bert-that-writes", task: "text-generation" }, access, known);
    expect(files.map(({ path }) => path)).toContain("chat_template.jinja");
    expect((await searchHub({ text: "", task: "text-generation" }, access, { ...known, has: (type) => ["gpt2", "llama", "qwen2"].includes(type) })).length).toBeGreaterThan(2);
  });

  it("asks nobody for the curated list, which is per task and of families that Graft reads", async () => {
    const hits = await searchHub({ text: " ", task: "image-classification" }, { base: "http://127.0.0.1:1" }, known);
    expect(hits.length).toBeGreaterThan(1);
    expect(hits.map(({ modelType }) => families.has(modelType))).not.toContain(false);
    expect(hits.every(({ why, licence, bytes }) => why && licence && bytes)).toBe(true);
    expect(new Set(curated.map(({ task, name }) => `${task} ${name}`)).size).toBe(curated.length);
  });

  it("takes a repository's address for its name", async () => {
    expect(repositoryName("https://huggingface.co/google/vit-base-patch16-224/tree/main")).toBe("google/vit-base-patch16-224");
    expect(repositoryName("google/vit-base-patch16-224")).toBe("google/vit-base-patch16-224");
    expect(repositoryName("birds and/or bees")).toBeNull();
    expect((await searchHub({ text: `${hub.url}/someone/tiny-bert`, task: "text-classification" }, access, known)).length).toBe(1);
  });
});

describe("a repository", () => {
  it("says what would be downloaded, small files first, and nothing else", async () => {
    const found = await describeRepository({ name: "someone/tiny-bert", task: reading }, access, known);
    expect(found).toMatchObject({ revision: plain.revision, licence: "apache-2.0", modelType: "bert", gate: "open", parameters: 25_000, problem: null });
    expect(found.files.map(({ path }) => path)).toEqual(["config.json", "README.md", "tokenizer.json", "model.safetensors"]);
    expect(found.files.at(-1)).toMatchObject({ bytes: 100_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(found.totalBytes).toBe(found.files.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it("takes shards where there is no single file", async () => {
    const { files } = await describeRepository({ name: "other/shards", task: reading }, access, known);
    expect(files.map(({ path }) => path)).toEqual(["config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]);
  });

  it("is described with why it is of no use", async () => {
    expect((await describeRepository({ name: "other/bert-strange", task: reading }, access, known)).problem).toEqual({ where: "other/bert-strange, config.json", what: 'it is of the kind "strange"' });
    expect((await describeRepository({ name: "other/no-weights", task: reading }, access, known)).problem?.what).toMatch(/no weights as safetensors/);
  });

  it("that asks for terms is described, with what to do; a token opens it, and is sent nowhere else", async () => {
    const closed = await describeRepository({ name: "other/terms", task: reading }, access, known);
    expect(closed.gate).toBe("asks-terms");
    expect(closed.problem?.what).toMatch(/accept terms/);
    expect((await describeRepository({ name: "other/terms", task: reading }, { ...access, token: "hf_right" }, known)).problem).toBeNull();
    expect(await sentence(describeRepository({ name: "other/private", task: reading }, access, known))).toMatch(/private.*Give a token/);
    expect((await describeRepository({ name: "other/private", task: reading }, { ...access, token: "hf_right" }, known)).name).toBe("other/private");
  });

  it("of a hub that is not in order is refused before anything is compared with what it says", async () => {
    const answering = (tree: unknown, sha: unknown = plain.revision) => ({
      fetch: async (url: unknown) => Response.json(String(url).includes("/tree/") ? tree : { _id: "1", id: "a/b", sha, tags: [], downloads: 1, cardData: { license_name: { not: "text" }, license_link: ["x"] } }),
    });
    const describeWith = (...answers: Parameters<typeof answering>) => describeRepository({ name: "a/b", task: reading }, access, known, answering(...answers));
    for (const size of [undefined, "12", -1, 1.5, null]) expect(await sentence(describeWith([{ type: "file", path: "model.safetensors", size }]))).toMatch(/a\/b, model\.safetensors: the hub says that it has .* bytes/);
    for (const sha of [null, "../main", "main"]) expect(await sentence(describeWith([], sha))).toMatch(/does not say at which commit/);
    expect(await describeWith([])).toMatchObject({ licence: null, licenceUrl: null });
  });

  it("of a hub that answers something else, without end, or with too much, is a sentence", async () => {
    const ask = (fetch: () => Promise<Response>): Promise<string> => sentence(searchHub({ text: "x", task: "text-classification" }, access, known, { fetch }));
    for (const answer of ["<html>hello</html>", "{}", "null", "[".repeat(100_000)]) expect(await ask(async () => new Response(answer)), answer.slice(0, 40)).toMatch(/^127\.0\.0\.1:\d+: its answer is not what a hub answers/);
    const chunk = new Uint8Array(2 ** 20).fill(0x20);
    let sent = 0;
    const endless = (): ReadableStream<Uint8Array> => new ReadableStream({ pull: (controller) => (sent++, controller.enqueue(chunk)) });
    expect(await ask(async () => new Response(endless()))).toMatch(/its answer has more than 32 MB/);
    expect(sent).toBeLessThan(40);
    expect(await ask(async () => new Response("[]", { headers: { Link: '<http://127.0.0.1:1/api/models?cursor=1>; rel="next"' } }))).toMatch(/its list goes on after 100 pages/);
  });

  it("whose config.json is no JSON is described with that", async () => {
    const fetch = async (url: unknown): Promise<Response> => {
      if (String(url).includes("/tree/")) return Response.json([{ type: "file", path: "config.json", size: 3 }, { type: "file", path: "model.safetensors", size: 3 }]);
      return String(url).includes("/resolve/") ? new Response("{a}") : Response.json({ _id: "1", id: "a/b", sha: plain.revision, tags: [], downloads: 1 });
    };
    expect((await describeRepository({ name: "a/b", task: reading }, access, known, { fetch })).problem?.what).toBe("it is not readable JSON");
  });

  it("that is not there, and a hub that is not there, are sentences", async () => {
    expect(await sentence(describeRepository({ name: "nobody/nothing", task: reading }, access, known))).toMatch(/no such public repository/);
    expect(await sentence(describeRepository({ name: "a/b", task: reading }, { base: "http://127.0.0.1:1" }, known))).toMatch(/no answer that this page may read.*CORS/);
    expect(await sentence(searchHub({ text: "x", task: "text-classification" }, { base: "hub.local" }, known))).toMatch(/"hub.local" is no web address/);
  });
});

describe("a token", () => {
  it("goes to the hub and to no other host that a link leads to", async () => {
    const seen: (string | null)[] = [];
    const fetch = asker({ base: "https://hub.example/", token: "t" }, { fetch: async (_, init) => (seen.push(new Headers(init?.headers).get("Authorization")), new Response("{}")) });
    await fetch("https://hub.example/api/models");
    await fetch("https://elsewhere.example/api/models?cursor=2");
    expect(seen).toEqual(["Bearer t", null]);
  });
});

describe("whether it fits", () => {
  const gigabytes = 1e9 / 4;
  it("is said of storage, of a head alone, and of all layers", () => {
    expect(fitOf(0.1 * gigabytes, 1e9, { freeStorageBytes: 2e9 }).verdict).toBe("fits");
    expect(fitOf(0.1 * gigabytes, 3e9, { freeStorageBytes: 2e9 }).verdict).toBe("no-storage");
    expect(fitOf(1 * gigabytes, 1e9, { freeStorageBytes: null }).verdict).toBe("head-only");
    expect(fitOf(4 * gigabytes, 1e9, { freeStorageBytes: null }).verdict).toBe("no-memory");
    expect(fitOf(0.3 * gigabytes, 1, { freeStorageBytes: null, memoryGigabytes: 2 }).verdict).toBe("head-only");
  });
});
