/** The parts of the benchmark that need a browser. Each gives rows, and remarks where something could not be measured. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../tools/cli/project.mjs";
import type { BenchBrowser, OpenPage } from "./browser.ts";
import type { EngineName, ModelName } from "./engine.ts";
import type { CountedStep, Started, StartOptions, StepFigures } from "./page.ts";
import type { Row } from "./results.ts";

export interface Measured {
  readonly rows: Row[];
  readonly remarks: string[];
}

export type Part = (browser: BenchBrowser, say: (line: string) => void) => Promise<Measured>;

type Phase = StartOptions["phase"];
interface Contender {
  readonly engine: EngineName;
  readonly model: ModelName;
  readonly phase: Phase;
}

const contenders = (canReplay: boolean): Contender[] =>
  (["mobilenet-v2", "transformer"] as const).flatMap((model) => [
    { model, engine: "tfjs", phase: "steady" },
    { model, engine: "graft", phase: "steady" },
    ...(canReplay ? [{ model, engine: "graft", phase: "replay" } as const] : []),
    ...(model === "transformer" ? [{ model, engine: "jax-js", phase: "steady" } as const] : []),
  ]);

const defaults = { backend: "webgpu", size: "bench", counted: false, dry: false, phase: "steady" } as const;

/** The first line of what went wrong: a browser's stack is of no use here. */
function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] as string;
}

/** Runs `measure` on a page of its own. What another project's engine cannot do is a remark; what Graft cannot do is an error. */
async function onPage(browser: BenchBrowser, measured: Measured, options: StartOptions, measure: (page: OpenPage & Started) => Promise<void>): Promise<void> {
  try {
    const page = await browser.start(options);
    try {
      await measure(page);
    } finally {
      await page.close();
    }
  } catch (error) {
    if (options.engine === "graft") throw error;
    measured.rows.push({ model: options.model, engine: options.engine, backend: options.backend, phase: "steady", figure: "failed", value: 1 });
    measured.remarks.push(`${options.engine} on ${options.backend}, ${options.model}: ${reason(error)}`);
  }
}

async function canReplay(browser: BenchBrowser): Promise<boolean> {
  const page = await browser.start({ ...defaults, engine: "graft", model: "transformer", size: "small" });
  const answer = await page.canReplay();
  await page.close();
  return answer;
}

function countRows({ model, engine }: Contender, phase: Row["phase"], { counts, phases, allocatedBytes, liveBytes }: CountedStep): Row[] {
  const figures: Record<string, number> = { ...counts, allocatedBytes };
  if ("optimizer" in phases) figures.optimizerDispatches = phases.optimizer;
  if (liveBytes !== null) figures.liveBytes = liveBytes;
  return Object.entries(figures).map(([figure, value]) => ({ model, engine, backend: "webgpu", phase, figure, value }));
}

/** Steps before the counted one: pools have filled, and a step that is captured has been captured. */
const settlingSteps = 6;

/** Exact counts, by a GPU that is given nothing to do. */
export const counts: Part = async (browser, say) => {
  const measured: Measured = { rows: [], remarks: [] };
  for (const contender of contenders(await canReplay(browser))) {
    const { model, engine, phase } = contender;
    say(`counting: ${engine}, ${model}, ${phase}`);
    await onPage(browser, measured, { ...defaults, ...contender, counted: true, dry: true }, async (page) => {
      const first = await page.countedStep(true);
      await page.steps(settlingSteps - 1);
      const settled = await page.countedStep(false);
      const constant = (figure: string, value: number): Row => ({ model, engine, backend: "webgpu", phase, figure, value });
      measured.rows.push(...(phase === "steady" ? countRows(contender, "first", first) : []), ...countRows(contender, phase, settled), constant("variables", page.variables), constant("batchBytes", page.batchBytes));
      const top = Object.entries(settled.labels).sort(([, a], [, b]) => b - a).slice(0, 12);
      measured.remarks.push(`${engine}, ${model}, ${phase}, dispatches by pipeline: ${top.map(([label, count]) => `${count} ${label}`).join(", ")}`);
    });
  }
  return measured;
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** One step of each engine in turn, so that whatever else the machine does falls on all alike. */
async function interleaved(browser: BenchBrowser, measured: Measured, model: ModelName, options: { readonly dry: boolean; readonly rounds: number; readonly replays: boolean }): Promise<void> {
  const pages: (Contender & { readonly page: OpenPage; readonly steps: StepFigures[] })[] = [];
  try {
    for (const contender of contenders(options.replays).filter((candidate) => candidate.model === model)) {
      try {
        const page = await browser.start({ ...defaults, ...contender, counted: options.dry, dry: options.dry });
        pages.push({ ...contender, page, steps: [] });
        await page.steps(2);
      } catch (error) {
        if (contender.engine === "graft") throw error;
        measured.remarks.push(`${contender.engine}, ${model}: ${reason(error)}`);
      }
    }
    for (let round = 0; round < options.rounds; round++) for (const { page, steps } of pages) steps.push(...(await page.steps(1)));
    for (const { engine, phase, steps } of pages) {
      const figure = options.dry ? "jsMs" : "totalMs";
      measured.rows.push({ model, engine, backend: "webgpu", phase, figure, value: median(steps.map((step) => step[figure])) });
    }
  } finally {
    for (const { page } of pages) await page.close();
  }
}

/** JavaScript by a GPU that has nothing to do and takes no core away; the whole step by one that computes. */
export const times: Part = async (browser, say) => {
  const measured: Measured = { rows: [], remarks: [] };
  const replays = await canReplay(browser);
  for (const model of ["transformer", "mobilenet-v2"] as const) {
    say(`timing: ${model}, JavaScript`);
    await interleaved(browser, measured, model, { dry: true, rounds: 15, replays });
    say(`timing: ${model}, whole steps`);
    await interleaved(browser, measured, model, { dry: false, rounds: 3, replays });
  }
  return measured;
};

interface LossGolden {
  readonly name: ModelName;
  readonly losses: readonly number[];
}

/** The largest |got - want| / (1 + |want|). */
function lossError(steps: readonly StepFigures[], want: readonly number[]): number {
  return Math.max(...want.map((loss, i) => Math.abs((steps[i] as StepFigures).loss - loss) / (1 + Math.abs(loss))));
}

/** Twenty losses against PyTorch's, at the size that is measured, and the same run twice at a small one. */
export const losses: Part = async (browser, say) => {
  const measured: Measured = { rows: [], remarks: [] };
  const goldens = (JSON.parse(readFileSync(join(projectRoot, "bench/goldens/losses.json"), "utf8")) as { cases: LossGolden[] }).cases;
  const replays = await canReplay(browser);
  for (const { name: model, losses: want } of goldens) {
    const all = contenders(replays).filter((contender) => contender.model === model);
    for (const [backend, contender] of [...all.map((one) => ["webgpu", one] as const), ["wasm", { model, engine: "graft", phase: "steady" }] as const]) {
      say(`losses: ${contender.engine}, ${model}, ${backend}, ${contender.phase}`);
      await onPage(browser, measured, { ...defaults, ...contender, backend }, async (page) => {
        const steps = await page.steps(want.length);
        measured.rows.push({ model, engine: contender.engine, backend, phase: contender.phase, figure: "lossError", value: lossError(steps, want) });
      });
    }
  }
  for (const engine of ["tfjs", "graft"] as const) {
    say(`losses: ${engine}, the same run twice`);
    const runs: number[][] = [];
    for (let run = 0; run < 2; run++) {
      await onPage(browser, measured, { ...defaults, engine, model: "transformer", size: "small" }, async (page) => {
        runs.push((await page.steps(20)).map(({ loss }) => loss));
      });
    }
    const [first = [], second = []] = runs;
    measured.rows.push({ model: "small-transformer", engine, backend: "webgpu", phase: "steady", figure: "lossesThatDiffer", value: first.filter((loss, i) => loss !== second[i]).length });
  }
  return measured;
};

/** Whether what is allocated stays the same over a thousand steps. */
export const memory: Part = async (browser, say) => {
  const measured: Measured = { rows: [], remarks: [] };
  for (const phase of (await canReplay(browser)) ? (["steady", "replay"] as const) : (["steady"] as const)) {
    say(`memory: a thousand steps, ${phase}`);
    await onPage(browser, measured, { ...defaults, engine: "graft", model: "transformer", phase, size: "small", counted: true, dry: true }, async (page) => {
      await page.steps(20);
      const early = await page.allocatedNow();
      await page.steps(980);
      measured.rows.push({ model: "small-transformer", engine: "graft", backend: "webgpu", phase, figure: "allocatedGrowthBytes", value: (await page.allocatedNow()) - early });
    });
  }
  return measured;
};

/** The cpu backend takes minutes for a batch of 16, so both get two examples for the ratio. */
const wasmExamples = 2;

/** MobileNetV2's step without a GPU. */
export const wasm: Part = async (browser, say) => {
  const measured: Measured = { rows: [], remarks: [] };
  const row = (engine: EngineName, backend: "wasm" | "cpu", figure: string, value: number): Row => ({ model: "mobilenet-v2", engine, backend, phase: "steady", figure, value });
  say("wasm: plain TensorFlow.js");
  await onPage(browser, measured, { ...defaults, engine: "tfjs", model: "mobilenet-v2", backend: "wasm", examples: wasmExamples }, async (page) => {
    await page.steps(1);
    measured.rows.push(row("tfjs", "wasm", "totalMs", median((await page.steps(3)).map(({ totalMs }) => totalMs))));
  });
  for (const [backend, steps] of [["wasm", 3], ["cpu", 1]] as const) {
    say(`wasm: Graft on ${backend}`);
    await onPage(browser, measured, { ...defaults, engine: "graft", model: "mobilenet-v2", backend, examples: wasmExamples }, async (page) => {
      if (backend === "wasm") await page.steps(1);
      measured.rows.push(row("graft", backend, "totalMsOfTwoExamples", median((await page.steps(steps)).map(({ totalMs }) => totalMs))));
    });
  }
  say("wasm: Graft, the whole batch");
  await onPage(browser, measured, { ...defaults, engine: "graft", model: "mobilenet-v2", backend: "wasm" }, async (page) => {
    await page.steps(1);
    measured.rows.push(row("graft", "wasm", "totalMs", median((await page.steps(3)).map(({ totalMs }) => totalMs))));
  });
  return measured;
};
