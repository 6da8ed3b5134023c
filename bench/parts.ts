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

/** @param models those that are measured, where a part measures several. */
export type Part = (browser: BenchBrowser, say: (line: string) => void, models: readonly ModelName[]) => Promise<Measured>;

type Phase = StartOptions["phase"];
interface Contender {
  readonly engine: EngineName;
  readonly model: ModelName;
  readonly phase: Phase;
}

const contenders: readonly Contender[] = (["mobilenet-v2", "transformer"] as const).flatMap((model): Contender[] => [
  { model, engine: "tfjs", phase: "steady" },
  { model, engine: "graft", phase: "steady" },
  { model, engine: "graft", phase: "replay" },
  ...(model === "transformer" ? [{ model, engine: "jax-js", phase: "steady" } as const] : []),
]);

/** Steps before the counted one: pools have filled, and a step that is captured has been captured. */
const settlingSteps = 6;

const defaults = { backend: "webgpu", size: "bench", counted: false, dry: false, phase: "steady" } as const;

/** The first line of what went wrong: a browser's stack is of no use here. */
function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] as string;
}

/** Runs `measure` on a page of its own. What an engine cannot do is a row and a remark with its reason; that Graft trains at all is not in question. */
async function onPage(browser: BenchBrowser, measured: Measured, options: StartOptions, measure: (page: OpenPage & Started) => Promise<void>): Promise<void> {
  try {
    const page = await browser.start(options);
    try {
      await measure(page);
    } finally {
      await page.close();
    }
  } catch (error) {
    if (options.engine === "graft" && options.phase === "steady") throw error;
    measured.rows.push({ model: options.model, engine: options.engine, backend: options.backend, phase: options.phase, figure: "failed", value: 1 });
    measured.remarks.push(`NOT MEASURED: ${options.engine} on ${options.backend}, ${options.model}, ${options.phase}: ${reason(error)}`);
  }
}

function countRows({ model, engine }: Contender, phase: Row["phase"], { counts, phases, allocatedBytes, liveBytes }: CountedStep): Row[] {
  const figures: Record<string, number> = { ...counts, allocatedBytes };
  if ("optimizer" in phases) figures.optimizerDispatches = phases.optimizer;
  if (liveBytes !== null) figures.liveBytes = liveBytes;
  return Object.entries(figures).map(([figure, value]) => ({ model, engine, backend: "webgpu", phase, figure, value }));
}

/** Exact counts, by a GPU that is given nothing to do. */
export const counts: Part = async (browser, say, models) => {
  const measured: Measured = { rows: [], remarks: [] };
  for (const contender of contenders.filter(({ model }) => models.includes(model))) {
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
async function interleaved(browser: BenchBrowser, measured: Measured, model: ModelName, options: { readonly dry: boolean; readonly rounds: number }): Promise<void> {
  const pages: (Contender & { readonly page: OpenPage; readonly steps: StepFigures[] })[] = [];
  try {
    for (const contender of contenders.filter((candidate) => candidate.model === model)) {
      try {
        const page = await browser.start({ ...defaults, ...contender, counted: options.dry, dry: options.dry });
        // Where each step takes seconds, those that have nothing to capture settle in two.
        await page.steps(options.dry || contender.phase === "replay" ? settlingSteps : 2);
        pages.push({ ...contender, page, steps: [] });
      } catch (error) {
        if (contender.engine === "graft" && contender.phase === "steady") throw error;
        measured.remarks.push(`NOT MEASURED: ${contender.engine}, ${model}, ${contender.phase}: ${reason(error)}`);
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
export const times: Part = async (browser, say, models) => {
  const measured: Measured = { rows: [], remarks: [] };
  for (const model of models) {
    say(`timing: ${model}, JavaScript`);
    await interleaved(browser, measured, model, { dry: true, rounds: 15 });
    say(`timing: ${model}, whole steps`);
    await interleaved(browser, measured, model, { dry: false, rounds: 3 });
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

const othersSteps = 3;

/** Twenty losses against PyTorch's, at the size that is measured, and the same run twice at a small one. */
export const losses: Part = async (browser, say, models) => {
  const measured: Measured = { rows: [], remarks: [] };
  const goldens = (JSON.parse(readFileSync(join(projectRoot, "bench/goldens/losses.json"), "utf8")) as { cases: LossGolden[] }).cases;
  for (const { name: model, losses: want } of goldens.filter(({ name }) => models.includes(name))) {
    const runs = [
      { backend: "wasm", engine: "graft", phase: "steady" },
      { backend: "webgpu", engine: "graft", phase: "replay" },
      ...contenders.filter((contender) => contender.model === model && contender.engine !== "graft").map(({ engine, phase }) => ({ backend: "webgpu", engine, phase }) as const),
    ] as const;
    for (const { backend, engine, phase } of runs) {
      // Of the others it is enough to know that they are the same model.
      const [count, figure] = engine === "graft" ? [want.length, "lossError"] : [othersSteps, "firstLossesError"];
      say(`losses: ${engine}, ${model}, ${backend}, ${phase}, ${count} steps`);
      await onPage(browser, measured, { ...defaults, model, engine, backend, phase }, async (page) => {
        measured.rows.push({ model, engine, backend, phase, figure, value: lossError(await page.steps(count), want.slice(0, count)) });
      });
    }
  }
  for (const [engine, phase] of [["tfjs", "steady"], ["graft", "replay"]] as const) {
    say(`losses: ${engine}, the same run twice`);
    const runs: number[][] = [];
    for (let run = 0; run < 2; run++) {
      await onPage(browser, measured, { ...defaults, engine, phase, model: "transformer", size: "small" }, async (page) => {
        runs.push((await page.steps(20)).map(({ loss }) => loss));
      });
    }
    const [first = [], second = []] = runs;
    measured.rows.push({ model: "small-transformer", engine, backend: "webgpu", phase, figure: "lossesThatDiffer", value: first.filter((loss, i) => loss !== second[i]).length });
  }
  return measured;
};

/** Whether what is allocated stays the same over a thousand steps. */
export const memory: Part = async (browser, say) => {
  const measured: Measured = { rows: [], remarks: [] };
  for (const phase of ["steady", "replay"] as const) {
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
