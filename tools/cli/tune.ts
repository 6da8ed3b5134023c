/**
 * `npm run tune`: a recipe and data in, a tuned model and metrics.json out. The run itself happens in headless Chromium
 * with the engine that the page uses; this file reads the arguments and puts the parts in order.
 */
import { mkdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { headlineOf } from "../../src/protocol/headline.ts";
import { backendNames, type Recipe } from "../../src/protocol/recipe.ts";
import { CommandError, distFolder, ensureBuilt } from "./project.mjs";
import { serve } from "./serve.mjs";
import { driveRun } from "./tune/drive.ts";
import { createReporter } from "./tune/report.ts";
import { readRecipeFile } from "./tune/recipe-file.ts";
import { writeOutput } from "./tune/output.ts";

const usage = "Usage: npm run tune -- --recipe recipe.json --data PATH --out DIR [--backend auto|webgpu|wasm|cpu] [--model DIR]";

interface Arguments {
  readonly recipe: Recipe;
  readonly data: string;
  readonly out: string;
  readonly model?: string;
}

/** npm runs scripts in the project; paths are meant from where the person is. */
function fromHere(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

function requireFolder(option: string, path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new CommandError(`--${option} ${path}: there is no such folder.`);
  return path;
}

export function readArguments(args: readonly string[]): Arguments {
  let values: { recipe?: string; data?: string; out?: string; backend?: string; model?: string };
  try {
    const text = { type: "string" } as const;
    values = parseArgs({ args: [...args], options: { recipe: text, data: text, out: text, backend: text, model: text } }).values;
  } catch (error) {
    throw new CommandError(`${(error as Error).message} ${usage}`);
  }
  const { recipe, data, out, backend, model } = values;
  if (!recipe || !data || !out) {
    const missing = Object.entries({ recipe, data, out }).flatMap(([name, value]) => (value ? [] : [`--${name}`]));
    throw new CommandError(`${missing.join(" and ")} missing. ${usage}`);
  }
  const allowed: readonly string[] = ["auto", ...backendNames];
  if (backend !== undefined && !allowed.includes(backend)) throw new CommandError(`--backend ${backend}: expected one of ${allowed.join(", ")}.`);
  const dataPath = fromHere(data);
  if (!statSync(dataPath, { throwIfNoEntry: false })) throw new CommandError(`--data ${data}: there is no such file or folder.`);
  return {
    // An imported model is known by its card, not by the recipe's name for it.
    recipe: readRecipeFile(fromHere(recipe), { ...(backend && { backend }), ...(model && { model: "imported" }) }),
    data: dataPath,
    out: fromHere(out),
    model: model && requireFolder("model", fromHere(model)),
  };
}

function prepareOut(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw new CommandError(`--out ${out}: the folder cannot be made (${(error as NodeJS.ErrnoException).code}).`);
  }
}

export async function main(): Promise<void> {
  const { recipe, data, out, model } = readArguments(process.argv.slice(2));
  prepareOut(out);
  await ensureBuilt();
  const server = await serve({ root: distFolder });
  try {
    const { results, zip } = await driveRun({ url: server.url, recipe, data, model, onEvent: createReporter(recipe, (line) => console.log(line)) });
    writeOutput(zip, out);
    const headline = headlineOf(results.validation);
    console.log(`${results.reason}: validation ${headline.name.toLowerCase()} ${headline.after.toFixed(3)} (${headline.before.toFixed(3)} before), best epoch ${results.bestEpoch}, ${results.seconds.toFixed(1)} s`);
    if (results.test) console.log(`test ${headline.name.toLowerCase()} ${headlineOf(results.test).after.toFixed(3)}`);
    console.log(`Wrote ${resolve(out, "model")} and ${resolve(out, "metrics.json")}`);
  } finally {
    await server.close();
  }
}
