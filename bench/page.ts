/**
 * The benchmark's side in the browser: one page runs one engine on one model, step by step as the command line asks. The
 * counters are in place before any engine is loaded.
 */
import type { BackendName } from "../src/core/backends.ts";
import { benchMobilenetV2, benchTransformer, smallTransformer, type ReferenceProblem } from "../src/models/testing/reference-problems.ts";
import { allocatedNow, installCounters, markPhase, skipWork, startRecording, stopRecording, type Counts, type StepRecord } from "./counters.ts";
import type { EngineName, ModelName, StepEngine } from "./engine.ts";
import type { GraftPhase } from "./graft.ts";
import { livenessMinimum } from "./liveness.ts";

export interface StartOptions {
  readonly engine: EngineName;
  readonly model: ModelName;
  readonly backend: BackendName;
  /** Of Graft; the others have one way only. */
  readonly phase: GraftPhase;
  /** "small" is the transformer of the goldens, for what takes many steps. */
  readonly size: "bench" | "small";
  /** Not where time is measured. */
  readonly counted: boolean;
  /** Let the GPU do nothing: see counters.ts. */
  readonly dry: boolean;
  /** Examples of each batch that are taken; all by default. */
  readonly examples?: number;
}

export interface StepFigures {
  readonly loss: number;
  readonly jsMs: number;
  readonly totalMs: number;
}

export interface CountedStep {
  readonly counts: Counts;
  readonly phases: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, number>>;
  readonly allocatedBytes: number;
  readonly liveBytes: number | null;
}

export interface Started {
  readonly adapter: string;
  /** Trained ones. */
  readonly variables: number;
  /** Of one batch with its labels. */
  readonly batchBytes: number;
}

export interface BenchPage {
  start(options: StartOptions): Promise<Started>;

  steps(count: number): Promise<StepFigures[]>;
  /** Counts the coming step, and the one after it to know what was still needed; not so for the first, which has no liveness. */
  countedStep(isFirst: boolean): Promise<CountedStep>;
  allocatedNow(): number;
}

declare global {
  interface Window {
    graftBench: BenchPage;
  }
}

const wasmPath = "/node_modules/@tensorflow/tfjs-backend-wasm/dist/";

function problemOf({ model, size }: StartOptions): ReferenceProblem {
  if (size === "small") return smallTransformer("pre");
  return model === "mobilenet-v2" ? benchMobilenetV2() : benchTransformer();
}

async function startEngine({ engine, model, backend, phase }: StartOptions, problem: ReferenceProblem): Promise<StepEngine> {
  switch (engine) {
    case "graft":
      return (await import("./graft.ts")).startGraft(problem, backend, wasmPath, phase, markPhase);
    case "tfjs":
      return (await import("./plain.ts")).startPlain(model, problem, backend, wasmPath, markPhase);
    case "jax-js":
      return (await import("./jax.ts")).startJax(problem, backend, markPhase);
  }
}

let problem: ReferenceProblem;
let running: StepEngine;
let examples: number | undefined;
let stepCount = 0;

function nextBatch(): ReturnType<ReferenceProblem["batch"]> {
  const { input, labels } = problem.batch(stepCount++);
  if (examples === undefined) return { input, labels };
  const [batch = 1, ...rest] = input.shape;
  return { input: { data: input.data.slice(0, (input.data.length / batch) * examples), shape: [examples, ...rest] }, labels: labels.slice(0, examples) };
}

async function timedStep(): Promise<StepFigures> {
  const batch = nextBatch();
  const startMs = performance.now();
  const read = running.step(batch);
  const jsMs = performance.now() - startMs;
  const loss = await read();
  return { loss, jsMs, totalMs: performance.now() - startMs };
}

async function recordedStep(): Promise<StepRecord> {
  startRecording();
  await timedStep();
  return stopRecording();
}

window.graftBench = {
  async start(options) {
    if (options.counted) installCounters();
    if (options.dry) skipWork();
    examples = options.examples;
    problem = problemOf(options);
    running = await startEngine(options, problem);
    const { input, labels } = problem.batch(0);
    return { adapter: running.adapter, variables: running.variables, batchBytes: input.data.byteLength + labels.byteLength };
  },
  async steps(count) {
    const figures: StepFigures[] = [];
    for (let i = 0; i < count; i++) figures.push(await timedStep());
    return figures;
  },
  async countedStep(isFirst) {
    const { counts, phases, labels, allocatedBytes, events } = await recordedStep();
    const liveBytes = isFirst ? null : livenessMinimum(events, (await recordedStep()).events);
    return { counts, phases: Object.fromEntries(phases), labels: Object.fromEntries(labels), allocatedBytes, liveBytes };
  },
  allocatedNow,
};
