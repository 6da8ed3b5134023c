/** `npm run bench`: measures Graft beside plain TensorFlow.js and jax-js, prints the table and writes bench/results.json. */
import { parseArgs } from "node:util";
import { CommandError, runMain } from "../tools/cli/project.mjs";
import { BenchBrowser } from "./browser.ts";
import { counts, losses, memory, times, wasm, type Measured, type Part } from "./parts.ts";
import { table } from "./report.ts";
import { writeResults } from "./results.ts";

const browserParts: Readonly<Record<string, Part>> = { counts, times, memory, losses, wasm };
const partNames = [...Object.keys(browserParts), "cached"];
const usage = `Usage: npm run bench -- [--only ${partNames.join("|")}] [--adapter software|hardware]`;

interface Arguments {
  readonly parts: readonly string[];
  readonly adapter: "software" | "hardware";
}

function readArguments(): Arguments {
  let values: { only?: string[]; adapter?: string };
  try {
    values = parseArgs({ options: { only: { type: "string", multiple: true }, adapter: { type: "string" } } }).values;
  } catch (error) {
    throw new CommandError(`${(error as Error).message} ${usage}`);
  }
  const { only = partNames, adapter = "software" } = values;
  for (const part of only) if (!partNames.includes(part)) throw new CommandError(`--only ${part}: there is no such part. ${usage}`);
  if (adapter !== "software" && adapter !== "hardware") throw new CommandError(`--adapter ${adapter}: expected software or hardware. ${usage}`);
  return { parts: only, adapter };
}

async function adapterName(browser: BenchBrowser): Promise<string> {
  const page = await browser.start({ engine: "graft", model: "transformer", backend: "webgpu", phase: "steady", size: "small", counted: false, dry: false });
  await page.close();
  return page.adapter;
}

await runMain(async () => {
  const { parts, adapter } = readArguments();
  const say = (line: string): void => console.error(line);
  const browser = await BenchBrowser.open(adapter);
  const measured: Measured = { rows: [], remarks: [] };
  let name: string;
  try {
    name = await adapterName(browser);
    for (const part of parts) {
      const run = browserParts[part];
      if (!run) continue;
      const { rows, remarks } = await run(browser, say);
      measured.rows.push(...rows);
      measured.remarks.push(...remarks);
    }
  } finally {
    await browser.close();
  }
  if (parts.includes("cached")) {
    // It brings TensorFlow.js into Node, which the other parts do without.
    const { cached } = await import("./cached.ts");
    measured.rows.push(...(await cached(say)).rows);
  }
  console.log(table(writeResults(name, measured.rows)));
  if (measured.remarks.length > 0) console.log(["", ...measured.remarks].join("\n"));
});
