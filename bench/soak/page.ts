/**
 * The soak's side in the tab: the product's client with its worker behind it, and what the command line asks of them. Everything
 * goes through the same calls as the page's own.
 */
import { createClient } from "../../src/client/index.ts";
import { writeSafetensors } from "../../src/formats/safetensors/write.ts";
import { upstreamTensorsOf } from "../../src/formats/safetensors/upstream.ts";
import { buildCheckpoint, startingWeights } from "../../src/models/testing/checkpoint-problems.ts";
import { fileOf, textCheckpoint, vocabularyText } from "../../src/models/testing/checkpoint-files.ts";
import type { Client } from "../../src/client/index.ts";
import type { OpenedData, SourceFile } from "../../src/protocol/data.ts";
import { parseRecipe, type RecipeInput } from "../../src/protocol/recipe.ts";
import type { RunEvent } from "../../src/protocol/run.ts";
import { channelName, type WorkerFigures } from "./channel.ts";

/** How a run went, as far as the soak asks. */
export interface RanRun {
  readonly steps: number;
  readonly trainingMs: number;
  readonly end: string;
}

export interface SoakPage {
  readonly client: Client;
  readonly recipeOf: typeof parseRecipe;
  /** Of the worker. */
  figures(): Promise<WorkerFigures>;
  /** Of every task of this page since it was asked last that took 50 ms and more, in ms. */
  longTasks(): number[];
  /** In the browser's own storage, of every folder. */
  storedFiles(): Promise<number>;
  /** The checkpoint of the tests, or a BERT with about `megabytes` of weights. @returns the model's id. */
  importText(megabytes?: number): Promise<string>;
  openRows(rows: number): Promise<OpenedData>;
  open(files: readonly SourceFile[]): Promise<OpenedData>;
  /** In two class folders, of 8 to 1200 pixels a side, half of them JPEGs; every hundredth is cut off. */
  pictures(count: number): Promise<readonly SourceFile[]>;
  /**
   * @param pausesAt waits at or after each of these steps until `goOn` is called.
   * @param isKept whether the open data are in a project already.
   */
  run(settings: RecipeInput, options?: { readonly pausesAt?: readonly number[]; readonly isKept?: boolean }): Promise<RanRun>;
  /** Resolves with the step at which the run waits. */
  paused(): Promise<number>;
  goOn(): Promise<void>;
}

declare global {
  interface Window {
    soak: SoakPage;
  }
}

// The product's own, with instruments in front of it.
const OwnWorker = globalThis.Worker;
globalThis.Worker = class extends OwnWorker {
  constructor(_: string | URL, options?: WorkerOptions) {
    super("/bench/soak/worker.ts?worker_file&type=module", options);
  }
};

const quiet = (): void => {};
const longTasksMs: number[] = [];
new PerformanceObserver((list) => longTasksMs.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });

const channel = new BroadcastChannel(channelName);
async function figures(): Promise<WorkerFigures> {
  // What is said before the worker listens is lost: its first answer says that it does.
  await client.listSamples();
  return new Promise((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<WorkerFigures>) => resolve(data);
    channel.postMessage("figures");
  });
}

async function filesIn(folder: FileSystemDirectoryHandle): Promise<number> {
  let count = 0;
  for await (const handle of (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values()) count += handle.kind === "file" ? 1 : await filesIn(handle as FileSystemDirectoryHandle);
  return count;
}

/** Three layers of it, with next to no vocabulary. */
function largeCheckpoint(megabytes: number): readonly SourceFile[] {
  const width = 256;
  const layers = 3;
  const intermediate = Math.round((megabytes * 2 ** 18 - layers * 4 * width ** 2) / (layers * 2 * width));
  const config = { architectures: ["BertModel"], model_type: "bert", hidden_act: "gelu", hidden_size: width, num_hidden_layers: layers, num_attention_heads: 4, intermediate_size: intermediate, max_position_embeddings: 32, type_vocab_size: 2, layer_norm_eps: 1e-12, vocab_size: 50, pad_token_id: 0 };
  const { graph } = buildCheckpoint(config);
  const ranges = Object.fromEntries(graph.parameters.map(({ name }) => [name, name.endsWith("gamma") ? [1, 0.01] : [0, 0.03]]));
  const bytes = writeSafetensors(upstreamTensorsOf(graph, startingWeights(graph.parameters, ranges)), { format: "pt" });
  return [fileOf("large/config.json", config), fileOf("large/model.safetensors", bytes), fileOf("large/vocab.txt", vocabularyText), fileOf("large/tokenizer_config.json", { do_lower_case: true, model_max_length: 32 })];
}

/** A few dozen are drawn and encoded; behind its end, each file has a number of its own, so that no two are the same. */
async function pictures(count: number): Promise<readonly SourceFile[]> {
  const drawn: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < 60; i++) {
    const canvas = new OffscreenCanvas(8 + Math.round((1192 * ((i * 7) % 60)) / 59), 8 + Math.round((1192 * ((i * 11) % 60)) / 59));
    const context = canvas.getContext("2d");
    if (!context) throw new Error("No 2d context.");
    for (let x = 0; x < 40; x++) {
      context.fillStyle = `hsl(${(i * 37 + x * 9) % 360} 70% 50%)`;
      context.fillRect((x * canvas.width) / 40, 0, canvas.width / 40, canvas.height * Math.abs(Math.sin(i + x)));
    }
    drawn.push(new Uint8Array(await (await canvas.convertToBlob({ type: i % 2 ? "image/jpeg" : "image/png" })).arrayBuffer()));
  }
  return Array.from({ length: count }, (_, i) => {
    const bytes = drawn[i % drawn.length] as Uint8Array<ArrayBuffer>;
    const isBroken = i % 100 === 7;
    return { path: `set/${i % 2 ? "odd" : "even"}/${i}.${i % 2 ? "jpg" : "png"}`, blob: new Blob(isBroken ? [bytes.subarray(0, 40)] : [bytes, Uint32Array.of(i)]) };
  });
}

interface Pause {
  readonly promise: Promise<number>;
  readonly reached: (step: number) => void;
}
function nextPause(): Pause {
  let reached = (_: number): void => {};
  const promise = new Promise<number>((resolve) => (reached = resolve));
  return { promise, reached };
}
let pause = nextPause();

const client = createClient();
const open: SoakPage["open"] = (files) => client.openFiles(files, quiet);

window.soak = {
  client,
  recipeOf: parseRecipe,
  figures,
  longTasks: () => longTasksMs.splice(0),
  storedFiles: async () => filesIn(await navigator.storage.getDirectory()),
  importText: async (megabytes) => (await client.importModel(megabytes === undefined ? textCheckpoint("bert") : largeCheckpoint(megabytes), quiet)).id,
  open,
  openRows: async (rows) => {
    const csv = `text,kind\n${Array.from({ length: rows }, (_, i) => `${i % 2 ? "good" : "bad"} film ${"abcdefgh"[i % 8] as string}${"abcdefgh"[Math.floor(i / 8) % 8] as string},${i % 2 ? "up" : "down"}`).join("\n")}\n`;
    await open([{ path: "films.csv", blob: new Blob([csv]) }]);
    return { kind: "ready", summary: await client.mapColumns({ text: "text", label: "kind" }, quiet) };
  },
  pictures,
  run: async (settings, { pausesAt = [], isKept = false } = {}) => {
    const recipe = parseRecipe({ ...settings, columns: { text: "text", label: "kind" } });
    if (!isKept) await client.keepData(recipe, quiet);
    const stops = [...pausesAt];
    let [steps, beganMs, endedMs, last]: [number, number, number, RunEvent | null] = [0, 0, 0, null];
    await client.startRun(recipe, (event) => {
      if (event.kind !== "steps" || steps > 0) last = event;
      if (event.kind === "steps") {
        if (steps === 0) beganMs = performance.now();
        endedMs = performance.now();
        steps = event.points.at(-1)?.step ?? steps;
        if (steps % 100 < event.points.length) console.info(`step ${steps}`);
        if (steps >= (stops[0] ?? Infinity)) {
          stops.shift();
          void client.controlRun({ kind: "pause" });
        }
      } else if (event.kind === "paused") pause.reached(steps);
    });
    const end = last as RunEvent | null;
    return { steps, trainingMs: endedMs - beganMs, end: end?.kind === "failed" ? JSON.stringify(end.error) : (end?.kind ?? "no event") };
  },
  paused: () => pause.promise,
  goOn: async () => {
    pause = nextPause();
    await client.controlRun({ kind: "resume" });
  },
};
