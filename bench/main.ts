/** `npm run bench`: measures Graft beside plain TensorFlow.js and jax-js, prints the table and writes bench/results.json. */
import { parseArgs } from "node:util";
import { CommandError, runMain } from "../tools/cli/project.mjs";
import { BenchBrowser } from "./browser.ts";
import type { ModelName } from "./engine.ts";
import { counts, losses, memory, times, wasm, type Measured, type Part } from "./parts.ts";
import { table } from "./report.ts";
import { soakParts } from "./soak/parts.ts";
import { writeResults, type Results } from "./results.ts";

const browserParts: Readonly<Record<string, Part>> = { counts, times, memory, losses, wasm };
const measuredNames = [...Object.keys(browserParts), "cached"];
/** Only when they are asked for: what they look at is in their lines, and they fail. `soak` is all of them. */
const soakNames = Object.keys(soakParts);
const partNames = [...measuredNames, "soak", ...soakNames];
const modelNames: readonly ModelName[] = ["transformer", "mobilenet-v2"];
const usage = `Usage: npm run bench -- [--only ${partNames.join("|")}] [--model ${modelNames.join("|")}] [--adapter software|hardware]`;

interface Arguments {
  readonly parts: readonly string[];
  readonly models: readonly ModelName[];
  readonly adapter: "software" | "hardware";
}

function readArguments(): Arguments {
  let values: { only?: string[]; model?: string; adapter?: string };
  try {
    values = parseArgs({ options: { only: { type: "string", multiple: true }, model: { type: "string" }, adapter: { type: "string" } } }).values;
  } catch (error) {
    throw new CommandError(`${(error as Error).message} ${usage}`);
  }
  const { only = measuredNames, model, adapter = "software" } = values;
  const models = modelNames.filter((name) => model === undefined || name === model);
  for (const part of only) if (!partNames.includes(part)) throw new CommandError(`--only ${part}: there is no such part. ${usage}`);
  if (models.length === 0) throw new CommandError(`--model ${model}: there is no such model. ${usage}`);
  if (adapter !== "software" && adapter !== "hardware") throw new CommandError(`--adapter ${adapter}: expected software or hardware. ${usage}`);
  return { parts: only.flatMap((part) => (part === "soak" ? soakNames : [part])), models, adapter };
}

async function adapterName(browser: BenchBrowser): Promise<string> {
  const page = await browser.start({ engine: "graft", model: "transformer", backend: "webgpu", phase: "steady", size: "small", counted: false, dry: false });
  await page.close();
  return page.adapter;
}

await runMain(async () => {
  const { parts, models, adapter } = readArguments();
  const say = (line: string): void => console.error(line);
  const browser = await BenchBrowser.open(adapter);
  const remarks: string[] = [];
  let name = "";
  // After each part, so that a long run that is cut off has kept what it measured.
  let results: Results | null = null;
  const keep = (measured: Measured): void => {
    remarks.push(...measured.remarks);
    results = writeResults(name, measured.rows);
  };
  try {
    if (parts.some((part) => part in browserParts)) name = await adapterName(browser);
    for (const part of parts) {
      const run = browserParts[part];
      if (run) keep(await run(browser, say, models));
      const soak = soakParts[part];
      if (!soak) continue;
      const tab = await browser.soak();
      try {
        await soak(tab, (line) => console.log(line));
      } finally {
        await tab.close();
      }
    }
  } finally {
    await browser.close();
  }
  if (parts.includes("cached")) {
    // It brings TensorFlow.js into Node, which the other parts do without.
    const { cached } = await import("./cached.ts");
    keep(await cached(say));
  }
  if (results) console.log(table(results));
  if (remarks.length > 0) console.log(["", ...remarks].join("\n"));
});
