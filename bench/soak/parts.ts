/** The parts of the soak: each says its figures in lines, and throws where what it is for does not hold. */
import { demand, demandFlat, inWords, megabytes, type Figures, type SoakTab } from "./tab.ts";

export type SoakPart = (tab: SoakTab, say: (line: string) => void) => Promise<void>;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** A model of 10 MB, everything learning, on wasm: what saving takes of the training's time. */
const checkpoint: SoakPart = async ({ page }, say) => {
  const result = await page.evaluate(async () => {
    const { soak } = window;
    const model = await soak.importText(10);
    await soak.openRows(320);
    const ran = await soak.run({ task: "text-classification", model, backend: "wasm", unfreeze: "all", optimizer: "adamw", epochs: 6, batchSize: 8, maxTokens: 16, learningRate: 1e-5, earlyStopping: { enabled: false } });
    return { ...ran, ...(await soak.figures()) };
  });
  const spentMs = result.checkpointsMs.reduce((sum, ms) => sum + ms, 0);
  const share = spentMs / result.trainingMs;
  say(`checkpoint: ${result.checkpointsMs.length} of a 10 MB model in ${result.steps} steps and ${seconds(result.trainingMs)}: ${result.checkpointsMs.map((ms) => ms.toFixed(0)).join(", ")} ms, ${(100 * share).toFixed(2)} % of the training (${result.end})`);
  demand(result.end === "finished", `the run ended with ${result.end}`);
  demand(result.checkpointsMs.length > 0 && share < 0.02, `checkpoints took ${(100 * share).toFixed(2)} % of the training, and 2 % is the most`);
};

const early = 200;
const late = 1950;

/** Two thousand steps on a backend: the same state early and late. */
const steps = (backend: "wasm" | "webgpu"): SoakPart => async (tab, say) => {
  const { page } = tab;
  await page.evaluate(async () => {
    await window.soak.openRows(400);
  });
  const running = page.evaluate(async ([chosen, ...pausesAt]) => {
    const { soak } = window;
    const model = await soak.importText();
    return soak.run({ task: "text-classification", model, backend: chosen, unfreeze: "all", optimizer: "adamw", epochs: 25, batchSize: 4, maxTokens: 8, learningRate: 1e-4, earlyStopping: { enabled: false } }, { pausesAt });
  }, [backend, early, late] as const);
  const atPause = async (): Promise<Figures> => {
    const step = await page.evaluate(() => window.soak.paused());
    const figures = await tab.figures();
    say(`steps on ${backend}, at ${step}: ${inWords(figures)}`);
    await page.evaluate(() => window.soak.goOn());
    return figures;
  };
  const [first, second] = [await atPause(), await atPause()];
  const { steps: taken, trainingMs, end } = await running;
  say(`steps on ${backend}: ${taken} in ${seconds(trainingMs)}`);
  demand(end === "finished" && taken === 2000, `of 2000 steps on ${backend}, ${taken} were taken (${end})`);
  // What was told of each step is kept until the next checkpoint, and each point of the curve stays.
  demandFlat(first, second, { allowedHeapBytes: 2e6 });
};

const settledRuns = 20;
const allRuns = 200;

/** Two hundred runs in one tab, all kept in one project; then all but the last deleted. */
const runs: SoakPart = async (tab, say) => {
  const { page } = tab;
  await page.evaluate(() => window.soak.openRows(24));
  const model = await page.evaluate(() => window.soak.importText());
  const many = (count: number): Promise<{ readonly ends: readonly string[]; readonly lastMs: number }> =>
    page.evaluate(async ([id, wanted]) => {
      const ends = new Set<string>();
      let lastMs = 0;
      for (let i = 0; i < wanted; i++) {
        const beganMs = performance.now();
        const { end } = await window.soak.run({ task: "text-classification", model: id, backend: "wasm", unfreeze: "all", epochs: 1, batchSize: 8, maxTokens: 8, seed: i }, { isKept: i > 0 });
        ends.add(end);
        lastMs = performance.now() - beganMs;
      }
      return { ends: [...ends], lastMs };
    }, [model, count] as const);
  const first = await many(settledRuns);
  const before = await tab.figures();
  say(`runs: after ${settledRuns}: ${inWords(before)}; the last took ${seconds(first.lastMs)}`);
  const rest = await many(allRuns - settledRuns);
  const after = await tab.figures();
  say(`runs: after ${allRuns}: ${inWords(after)}; the last took ${seconds(rest.lastMs)}`);
  demand([...first.ends, ...rest.ends].every((end) => end === "finished"), `runs ended with ${JSON.stringify([first.ends, rest.ends])}`);
  demandFlat(before, after, { allowedHeapBytes: 2e6 });
  const filesOf = (figures: Figures, count: number): number => (figures.storedFiles - after.storedFiles) / (count - allRuns);
  const filesPerRun = filesOf(before, settledRuns);
  demand(Number.isInteger(filesPerRun) && filesPerRun <= 4, `each run left ${filesPerRun} files`);
  await page.evaluate(async () => {
    const { client } = window.soak;
    const project = await client.viewProject();
    for (const { run } of project?.runs.slice(1) ?? []) await client.updateRun(run, { isDeleted: true });
    await client.openProject(project?.id ?? "", () => {});
  });
  const last = await tab.figures();
  say(`runs: all but one deleted: ${inWords(last)}; each had ${filesPerRun} files`);
  demand(last.storedFiles === after.storedFiles - (allRuns - 1) * filesPerRun, `${last.storedFiles} files stayed`);
};

const csvBytes = 200e6;

/** A CSV of 200 MB, opened, its columns named, and its splits made. */
const csv: SoakPart = async (tab, say) => {
  const { page } = tab;
  const before = await tab.figures();
  const opened = await page.evaluate(async (wanted) => {
    const { soak } = window;
    // A hundred different rows over and over, as parts of one file: the page holds none of it.
    const rows = Array.from({ length: 100 }, (_, i) => `"The ${i}th film, ${"seen and heard ".repeat(3 + (i % 9))}",${i % 2 ? "up" : "down"},${i}\n`).join("");
    const blob = new Blob([`text,kind,number\n`, ...new Array<string>(Math.ceil(wanted / rows.length)).fill(rows)]);
    soak.longTasks();
    const beganMs = performance.now();
    try {
      await soak.open([{ path: "films.csv", blob }]);
      const openedMs = performance.now() - beganMs;
      const { itemCount } = await soak.client.mapColumns({ text: "text", label: "kind" }, () => {});
      const { items } = await soak.client.listItems({ offset: itemCount - 5, limit: 5 });
      return { bytes: blob.size, openedMs, mappedMs: performance.now() - beganMs - openedMs, itemCount, shown: items.length, longTasks: soak.longTasks() };
    } catch (error) {
      return { refusal: (error as Error).message, isSentence: (error as { sentence?: unknown }).sentence !== undefined, longTasks: soak.longTasks() };
    }
  }, csvBytes);
  const longest = `the page's longest task ${Math.max(0, ...opened.longTasks).toFixed(0)} ms`;
  if (opened.refusal !== undefined) {
    say(`csv: refused: ${opened.refusal}; ${longest}`);
    demand(opened.isSentence, `a CSV of ${megabytes(csvBytes)} was refused without a sentence`);
  } else {
    const open = await tab.figures();
    say(`csv: ${megabytes(opened.bytes)}, ${opened.itemCount} rows, opened in ${seconds(opened.openedMs)}, columns named in ${seconds(opened.mappedMs)}; ${longest}; ${inWords(open)}`);
    demand(opened.shown === 5, `of the last rows, ${opened.shown} are shown`);
    demand(open.workerHeapBytes < 6 * opened.bytes, `it takes ${megabytes(open.workerHeapBytes)}`);
    demand(open.pageHeapBytes - before.pageHeapBytes < 20e6, `the page's heap grew to ${megabytes(open.pageHeapBytes)}`);
  }
  demand(Math.max(0, ...opened.longTasks) < 200, longest);
  await page.evaluate(() => window.soak.client.closeData());
  const after = await tab.figures();
  say(`csv: closed: ${inWords(after)}`);
  demandFlat(before, after, { allowedHeapBytes: 20e6 });
};

const imageCount = 10_000;

/** Ten thousand pictures of 8 to 1200 pixels a side, one in a hundred of them cut off. */
const images: SoakPart = async (tab, say) => {
  const { page } = tab;
  // What the worker loads for its first pictures stays, and is not theirs.
  await page.evaluate(async () => {
    const { soak } = window;
    await soak.open(await soak.pictures(20));
    await soak.client.closeData();
  });
  const before = await tab.figures();
  const opened = await page.evaluate(async (count) => {
    const { soak } = window;
    const files = await soak.pictures(count);
    const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
    // To make them is a long task of its own, which is told a moment later.
    await new Promise((resolve) => setTimeout(resolve, 500));
    soak.longTasks();
    const beganMs = performance.now();
    const result = await soak.open(files);
    if (result.kind !== "ready") return null;
    const openedMs = performance.now() - beganMs;
    const { itemCount, issues } = result.summary;
    await soak.client.keepData(soak.recipeOf({ task: "image-classification", model: "mobilenet-v3-coco" }), () => {});
    const keptMs = performance.now() - beganMs - openedMs;
    return { bytes, itemCount, issues: issues.map(({ message }) => message), openedMs, keptMs, longTasks: soak.longTasks() };
  }, imageCount);
  if (!opened) return demand(false, "the pictures opened as a table");
  const open = await tab.figures();
  const longest = Math.max(0, ...opened.longTasks);
  say(`images: ${opened.itemCount} of ${imageCount}, ${megabytes(opened.bytes)}, opened in ${seconds(opened.openedMs)}, kept in ${seconds(opened.keptMs)}; the page's longest task ${longest.toFixed(0)} ms; ${opened.issues.join(" ")}`);
  say(`images: open: ${inWords(open)}`);
  demand(opened.itemCount === imageCount - imageCount / 100, `${opened.itemCount} pictures were opened`);
  demand(open.workerHeapBytes - before.workerHeapBytes < 50e6, `the worker's heap grew by ${megabytes(open.workerHeapBytes - before.workerHeapBytes)}`);
  await page.evaluate(async () => {
    const { client } = window.soak;
    const { projects } = await client.listProjects();
    await client.closeData();
    await client.deleteProject(projects[0]?.id ?? "");
  });
  const after = await tab.figures();
  say(`images: closed and deleted: ${inWords(after)}`);
  demandFlat(before, after, { allowedHeapBytes: 10e6 });
  demand(after.storedFiles === 0, `${after.storedFiles} files stayed`);
};

export const soakParts: Readonly<Record<string, SoakPart>> = {
  "soak-checkpoint": checkpoint,
  "soak-wasm": steps("wasm"),
  "soak-webgpu": steps("webgpu"),
  "soak-runs": runs,
  "soak-csv": csv,
  "soak-images": images,
};
