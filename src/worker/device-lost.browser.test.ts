/**
 * A GPU that goes away in mid-run, or runs out of memory: the run goes on by itself from its last checkpoint, on another device to the
 * very same losses, on wasm to nearly the same, and says so.
 */
import { afterAll, expect, test, vi } from "vitest";
import { tf } from "../engine/tf.ts";
import { webgpuBackend } from "../engine/webgpu/internals.ts";
import { saveLayers } from "../formats/testing/plain-tfjs.ts";
import type { SourceFile } from "../protocol/data.ts";
import { parseRecipe, type Recipe } from "../protocol/recipe.ts";
import type { RunEvent, RunResults } from "../protocol/run.ts";
import { createWorkerApi } from "./api.ts";
import { probabilitiesIn } from "./testing/narrow.ts";

async function square(hue: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(16, 16);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `hsl(${hue}, 70%, 50%)`;
  context.fillRect(0, 0, 16, 16);
  return canvas.convertToBlob({ type: "image/png" });
}

async function ownModel(): Promise<SourceFile[]> {
  await tf.setBackend("cpu");
  const model = tf.sequential({ layers: [tf.layers.conv2d({ inputShape: [16, 16, 3], filters: 4, kernelSize: 3, strides: 4, name: "block" }), tf.layers.globalAveragePooling2d({ name: "pool" }), tf.layers.dense({ units: 3, name: "old" })] });
  const { json, bytes } = await saveLayers(model);
  model.dispose();
  return [
    { path: "mine/model.json", blob: new Blob([JSON.stringify(json)]) },
    { path: "mine/weights.bin", blob: new Blob([bytes as Uint8Array<ArrayBuffer>]) },
  ];
}

type Api = ReturnType<typeof createWorkerApi>;

interface Told {
  readonly losses: ReadonlyMap<number, number>;
  readonly recoveries: readonly Extract<RunEvent, { kind: "recovered" }>[];
  readonly results: RunResults;
}

/** The loss of each step as it was told last; what is told again takes the place of what was told before. */
async function runOf(api: Api, recipe: Recipe, onEvent: (event: RunEvent) => void = () => {}): Promise<Told> {
  const losses = new Map<number, number>();
  const recoveries: Extract<RunEvent, { kind: "recovered" }>[] = [];
  let last: RunEvent | undefined;
  const take = (event: RunEvent): void => {
    if (event.kind === "steps") for (const { step, loss } of event.points) losses.set(step, loss);
    if (event.kind === "restored") {
      losses.clear();
      event.events.forEach(take);
    } else if (event.kind === "recovered" && !recoveries.includes(event)) recoveries.push(event);
  };
  await api.startRun(recipe, (event) => {
    take(event);
    last = event;
    onEvent(event);
  });
  expect(last).toMatchObject({ kind: "finished", reason: "completed" });
  return { losses, recoveries, results: await api.getResults() };
}

async function opened(): Promise<{ readonly api: Api; readonly recipe: Recipe }> {
  const api = createWorkerApi({ embeddedBase: "/embedded/" });
  const files: SourceFile[] = [];
  for (let i = 0; i < 12; i++) files.push({ path: `colours/${i % 2 ? "warm" : "cold"}/${i}.png`, blob: await square((i % 2 ? 0 : 180) + i * 5) });
  await api.openFiles(files, () => {});
  const { id } = await api.importModel(await ownModel(), () => {});
  return { api, recipe: parseRecipe({ task: "image-classification", model: id, backend: "webgpu", unfreeze: "all", epochs: 40, batchSize: 4, dropout: 0.2, earlyStopping: { enabled: false } }) };
}

/** Calls `fail` when so much time has passed since the first epoch that a checkpoint was due: at most `times`, and not twice within one epoch. */
function failing(fail: () => void, times: number): (event: RunEvent) => void {
  let [sinceMs, left] = [Infinity, times];
  return (event) => {
    if (event.kind === "started") sinceMs = Infinity;
    if (event.kind !== "epoch") return;
    if (sinceMs === Infinity) sinceMs = performance.now();
    if (left === 0 || performance.now() - sinceMs < 1200) return;
    left--;
    sinceMs = Infinity;
    fail();
  };
}

const table: string[] = [];

/** A row of the table of faults; e2e/support/faults.ts prints those of the journeys. */
function note(fault: string, recoveries: Told["recoveries"]): void {
  for (const { backend, step, from } of recoveries) table.push([fault, "yes", step - from, `on ${backend} by itself`].join(" | "));
}

afterAll(() => {
  // eslint-disable-next-line no-console -- the table is what this suite is asked for
  console.info(["fault | survived | steps lost | how", ...table].join("\n"));
});

test.each(["all", "head"] as const)("with %s unfrozen, two lost devices: each time the run goes on from its checkpoint, to the same losses bit for bit", { timeout: 180_000 }, async (unfreeze) => {
  const { api, recipe: base } = await opened();
  // So long that there are two checkpoints to go on from, however quick the machine is with a head.
  const recipe = { ...base, unfreeze, epochs: unfreeze === "head" ? 500 : 120 };
  const whole = await runOf(api, recipe);
  expect(whole.recoveries).toEqual([]);
  const before = await api.memory();
  const { losses, recoveries, results } = await runOf(api, recipe, failing(() => webgpuBackend().device.destroy(), 2));
  expect(recoveries).toHaveLength(2);
  for (const { because, backend, step, from } of recoveries) {
    expect({ because, backend }).toEqual({ because: "lost", backend: "webgpu" });
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(step);
  }
  expect([...losses]).toEqual([...whole.losses]);
  expect(results.epochs.map(({ validationLoss }) => validationLoss)).toEqual(whole.results.epochs.map(({ validationLoss }) => validationLoss));
  expect(results.validation).toEqual(whole.results.validation);
  expect(probabilitiesIn((await api.predict({ kind: "image", blob: await square(0) })).tuned)).toHaveLength(2);
  expect((await api.exportRun()).size).toBeGreaterThan(1000);
  expect((await api.memory()).tensors).toBe(before.tensors);
  note(`device destroyed, ${unfreeze} unfrozen`, recoveries);
});

test("lost before the first checkpoint: it begins again, on another device", { timeout: 120_000 }, async () => {
  const { api, recipe } = await opened();
  let lost = false;
  const { recoveries, losses } = await runOf(api, { ...recipe, epochs: 2 }, (event) => {
    if (event.kind !== "started" || lost) return;
    lost = true;
    webgpuBackend().device.destroy();
  });
  expect(recoveries).toMatchObject([{ because: "lost", from: 0, backend: "webgpu" }]);
  expect(losses.size).toBeGreaterThan(2);
  note("device destroyed before the first step", recoveries);
});

test("lost again and again before a checkpoint, and out of memory: it goes on on wasm, to nearly the same losses", { timeout: 180_000 }, async () => {
  const { api, recipe } = await opened();
  const whole = await runOf(api, recipe);
  let losing = 2;
  const again = await runOf(api, recipe, (event) => {
    // Before its first step: by the end of an epoch a checkpoint may be due.
    if (event.kind === "started" && losing-- > 0) webgpuBackend().device.destroy();
  });
  expect(again.recoveries.map(({ backend }) => backend)).toEqual(["webgpu", "wasm"]);
  const outOfMemory = failing(() => {
    const { device } = webgpuBackend();
    device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error: new GPUOutOfMemoryError("The test has taken all of it.") }));
  }, 1);
  const full = await runOf(api, { ...recipe, epochs: 120 }, outOfMemory);
  expect(full.recoveries).toMatchObject([{ because: "out-of-memory", backend: "wasm" }]);
  expect(full.recoveries[0]?.from).toBeGreaterThan(0);
  for (const [step, loss] of whole.losses) {
    expect(again.losses.get(step), `step ${step}`).toBeCloseTo(loss, 3);
  }
  note("device destroyed twice without a checkpoint between", again.recoveries);
  note("GPU out of memory", full.recoveries);
});

test("lost once the run has ended: what is asked of its model, and of a download that is open beside it, is answered on another device", { timeout: 180_000 }, async () => {
  const { api, recipe } = await opened();
  await runOf(api, { ...recipe, epochs: 3 });
  await api.openDownload([{ path: "model.zip", blob: await api.exportRun() }]);
  const question = { kind: "image", blob: await square(20) } as const;
  const before = await api.predict(question);
  const openedBefore = await api.predictOpened(question);
  const { tensors } = await api.memory();
  webgpuBackend().device.destroy();
  // Three at once: one of them finds out, and all are answered.
  const answers = await Promise.all([api.predict(question), api.predictOpened(question), api.predict(question)]);
  expect(answers).toEqual([before, openedBefore, before]);
  webgpuBackend().device.destroy();
  expect((await api.exportRun()).size).toBeGreaterThan(1000);
  expect(await api.predictOpened(question)).toEqual(openedBefore);
  expect((await api.memory()).tensors).toBe(tensors);
  expect(tf.getBackend()).toBe("webgpu");

  // And where there is no other GPU, on wasm.
  vi.spyOn(navigator.gpu, "requestAdapter").mockResolvedValue(null);
  webgpuBackend().device.destroy();
  try {
    const after = await api.predict(question);
    expect(tf.getBackend()).toBe("wasm");
    const [want, got] = [probabilitiesIn(before.tuned), probabilitiesIn(after.tuned)];
    expect(got.map(({ name }) => name)).toEqual(want.map(({ name }) => name));
    got.forEach(({ probability }, i) => expect(probability).toBeCloseTo(want[i]?.probability ?? -1, 4));
    table.push("device destroyed once the run has ended | yes | 0 | asked again on another device, or on wasm");
  } finally {
    vi.restoreAllMocks();
  }
});
