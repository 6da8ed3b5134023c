/** A run that learns to write, in the worker: a small GPT-2 on a text, in full and by adapters, and its download opened again. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { CancelledError } from "../core/errors.ts";
import { openFiles } from "../data/open.ts";
import { memory } from "../engine/backend.ts";
import type { GraphModule } from "../engine/module.ts";
import { openCheckpoint } from "../models/checkpoints/open.ts";
import { byteGpt2 } from "../models/testing/byte-gpt2.ts";
import { fileOf } from "../models/testing/checkpoint-files.ts";
import { generationSchema } from "../protocol/generation.ts";
import { parseRecipe, type RecipeInput } from "../protocol/recipe.ts";
import type { GenerationResults, RunEvent } from "../protocol/run.ts";
import { Device } from "./device.ts";
import { exportRun } from "./export.ts";
import { OpenedDownload } from "./opened-download.ts";
import { FineTuningRun } from "./run.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));
const text = Array.from({ length: 120 }, (_, i) => `The ${["cat", "dog", "owl"][i % 3] as string} sat on the ${["mat", "log", "bough"][i % 3] as string}.\n\n`).join("");
const device = new Device(wasmPath);

/** JSON lines of one question and the answer: so small a model learns what an answer is long before it learns which. */
const chats = Array.from({ length: 120 }, (_, i) => JSON.stringify({ messages: [{ role: "user", content: ["cat", "dog", "owl"][i % 3] }, { role: "assistant", content: "meow" }] })).join("\n");

interface Given {
  readonly onEvent?: (event: RunEvent, run: FineTuningRun) => void;
  readonly data?: { readonly path: string; readonly text: string };
  /** As chat_template.jinja beside the model. */
  readonly template?: string;
}

async function untrained(settings: Partial<RecipeInput>, { onEvent = () => {}, data = { path: "animals.txt", text }, template }: Given = {}): Promise<FineTuningRun> {
  const { loaded } = await openCheckpoint([...byteGpt2(), ...(template === undefined ? [] : [fileOf("byte-gpt2/chat_template.jinja", new TextEncoder().encode(template))])]);
  const opened = await openFiles([{ path: data.path, blob: new Blob([data.text]) }]);
  if (opened.kind !== "texts") throw new Error("A text file is texts.");
  const recipe = parseRecipe({ task: "text-generation", model: "checkpoint-small", backend: "wasm", epochs: 3, batchSize: 4, learningRate: 1e-2, trunkLearningRateScale: 1, generation: { contextLength: 32, sampleTokens: 8, prompts: ["The cat"] }, ...settings });
  opened.dataset.setSplit({ ...recipe.split, seed: recipe.seed });
  const backend = await device.activate("wasm");
  const run: FineTuningRun = new FineTuningRun({ recipe, dataset: opened.dataset, loaded, backend, onEvent: (event) => onEvent(event, run) });
  return run;
}

async function trained(settings: Partial<RecipeInput>, given: Given = {}): Promise<FineTuningRun> {
  const run = await untrained(settings, given);
  await run.start();
  return run;
}

describe("a run that learns to write", () => {
  let baseline = 0;
  beforeAll(async () => {
    await device.activate("wasm");
    baseline = memory().tensors;
  });

  test("halves the perplexity, draws samples before the first step and after each epoch, and leaves no tensor", { timeout: 120_000 }, async () => {
    const events: RunEvent[] = [];
    const run = await trained({}, { onEvent: (event) => events.push(event) });
    const { before, after } = run.results().validation as GenerationResults;
    expect(after.perplexity).toBeLessThan(0.5 * before.perplexity);
    expect(after.loss).toBeCloseTo(Math.log(after.perplexity), 6);
    expect(after.tokens).toBe(before.tokens);
    expect(events.flatMap((event) => (event.kind === "samples" ? [event.epoch] : []))).toEqual([0, 1, 2, 3]);
    expect(run.results().samples?.at(-1)?.samples[0]?.prompt).toBe("The cat");
    run.dispose();
    expect(memory().tensors).toBe(baseline);
  });

  test("adapters alone learn, under a fifth of these few parameters, and the model before is still there", { timeout: 120_000 }, async () => {
    const run = await trained({ unfreeze: "head", lora: { enabled: true, rank: 4, alpha: 8 } });
    const { validation, info } = run.results();
    const { before, after } = validation as GenerationResults;
    // Of a base that has never read anything: its frozen output can hardly be moved.
    expect(after.perplexity).toBeLessThan(0.98 * before.perplexity);
    expect(info.trainableParameters).toBeLessThan(0.2 * info.totalParameters);
    const options = { ...generationSchema.parse({}), temperature: 0, maxNewTokens: 12 };
    const write = (which: "tuned" | "base"): ReturnType<FineTuningRun["write"]> => run.write(which, { prompt: "The cat" }, options, {});
    const [tuned, base, again] = [await write("tuned"), await write("base"), await write("tuned")];
    expect(again.text).toBe(tuned.text);
    expect(base.text).not.toBe(tuned.text);
    run.dispose();
  });

  const own = "{% for message in messages %}<{{ message.role[0] }}>{{ message.content }}<e>{% endfor %}{% if add_generation_prompt %}<a>{% endif %}";
  test.each([["own", own], ["plain", undefined]] as const)("from conversations, in the model's %s form: it answers what a person says and stops, in the download too", { timeout: 120_000 }, async (form, template) => {
    const recipe = { epochs: 4, generation: { contextLength: 48, sampleTokens: 12, prompts: ["dog"] } };
    const run = await trained(recipe, { data: { path: "animals.jsonl", text: chats }, ...(template !== undefined && { template }) });
    expect(run.results().chat).toEqual({ form, isUsual: true });
    // Drawn by chance from a model that hardly knows anything: short, and nothing of the form.
    expect(run.results().samples?.at(-1)?.samples).toEqual([{ prompt: "dog", text: expect.stringMatching(/^ ?[a-z]{1,8}$/) as string }]);
    const options = { ...generationSchema.parse({}), temperature: 0, repetitionPenalty: 1, maxNewTokens: 20 };
    const answered = await run.write("tuned", { prompt: "owl", asChat: true }, options, {});
    expect(answered.text).toMatch(/^ ?meow$/);
    expect(answered.reason).toBe(form === "own" ? "stop-text" : "end-of-text");
    const asText = await run.write("tuned", { prompt: form === "own" ? "<u>owl<e><a>" : "User: owl\nAssistant:" }, options, {});
    expect(asText.text.slice(0, answered.text.length), "the same, typed by hand").toBe(answered.text);
    const opened = await OpenedDownload.read([{ path: "download.zip", blob: await exportRun(run, { formats: [] }) }], device);
    expect(opened.description.chat).toEqual({ form, isUsual: true });
    expect((await opened.write({ prompt: "owl", asChat: true }, options, {})).text).toBe(answered.text);
    opened.dispose();
    run.dispose();
  });
});

describe("what a run that learns to write leaves", () => {
  let baseline = 0;
  beforeAll(async () => {
    await device.activate("wasm");
    baseline = memory().tensors;
  });

  test.each<[string, Partial<RecipeInput>]>([
    ["its output alone", { unfreeze: "head" }],
    ["its last layers", { unfreeze: "last-block" }],
    ["adapters", { unfreeze: [], lora: { enabled: true, rank: 2, alpha: 4 } }],
  ])("where it learns %s, everything else stays bit for bit, on the backend too", { timeout: 120_000 }, async (_, settings) => {
    const run = await trained({ ...settings, epochs: 1 });
    const module = run["module"] as GraphModule;
    const { weights } = run.loaded.model;
    const after = await run.trainedWeights();
    const [learned, frozen] = [module.graph.parameters.filter(({ name }) => after.has(name)), module.graph.parameters.filter(({ name }) => !after.has(name))];
    expect([learned.length > 0, frozen.length > 0]).toEqual([true, true]);
    for (const { name } of frozen) expect(await module.readFrozen(name), name).toEqual(weights.get(name));
    for (const { name } of learned) expect(after.get(name), name).not.toEqual(weights.get(name));
    run.dispose();
    expect(memory().tensors).toBe(baseline);
  });

  const isPreparing = (event: RunEvent, what: RegExp): boolean => event.kind === "preparing" && what.test(event.what);
  const stages: readonly (readonly [string, (event: RunEvent) => boolean])[] = [
    ["as it begins", ({ kind }) => kind === "started"],
    ["as the model before is measured", (event) => isPreparing(event, /^Measuring/)],
    ["when it has written samples for the first time", (event) => event.kind === "samples" && event.epoch === 0],
    ["after a few steps", ({ kind }) => kind === "steps"],
    ["after an epoch", ({ kind }) => kind === "epoch"],
    ["when it has written samples after an epoch", (event) => event.kind === "samples" && event.epoch === 1],
  ];
  test.each(stages)("stopped %s: no tensor", { timeout: 120_000 }, async (_, isStage) => {
    let stops = 0;
    const run = await untrained({ unfreeze: "last-block" }, {
      onEvent: (event, { control }) => {
        if (!isStage(event)) return;
        stops++;
        control.stop();
      },
    });
    const end = await run.start().then(() => "stopped", (error: unknown) => error);
    expect(end === "stopped" ? run.results().reason : end).toEqual(end === "stopped" ? "stopped" : expect.any(CancelledError));
    expect(stops).toBeGreaterThan(0);
    run.dispose();
    expect(memory().tensors).toBe(baseline);
  });

  test("stopped before it begins: no tensor", { timeout: 120_000 }, async () => {
    const run = await untrained({});
    run.control.stop();
    await expect(run.start()).rejects.toThrow(CancelledError);
    run.dispose();
    expect(memory().tensors).toBe(baseline);
  });

  test.each(["tuned", "base"] as const)("writing with the %s model that is ended after a few tokens: no tensor", { timeout: 120_000 }, async (which) => {
    const run = await trained({ epochs: 1 });
    const before = memory();
    const ended = new AbortController();
    let pieces = 0;
    const written = await run.write(which, { prompt: "The cat" }, { ...generationSchema.parse({}), maxNewTokens: 40 }, { signal: ended.signal, onText: () => void (++pieces === 3 && ended.abort()) });
    expect(written.reason).toBe("cancelled");
    expect(memory()).toEqual(before);
    run.dispose();
    expect(memory().tensors).toBe(baseline);
  });
});
