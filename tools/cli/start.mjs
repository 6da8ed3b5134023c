/** `npm start`: installs what is missing, builds what is stale, serves the page on loopback and prints the address. */
import { parseArgs } from "node:util";
import { CommandError, distFolder, ensureBuilt, ensureInstalled, runMain } from "./project.mjs";
import { serve } from "./serve.mjs";

function readOptions() {
  /** @type {{ values: { port?: string, hub?: string[] } }} */
  let parsed;
  try {
    parsed = parseArgs({ options: { port: { type: "string" }, hub: { type: "string", multiple: true } } });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error} Usage: npm start -- [--port N] [--hub ADDRESS]`);
  }
  const port = Number(parsed.values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new CommandError(`--port ${parsed.values.port}: expected a whole number from 1 to 65535.`);
  const mirrors = (parsed.values.hub ?? []).map((address) => {
    if (!/^https?:/.test(address) || !URL.canParse(address)) throw new CommandError(`--hub ${address}: expected the address of a mirror of huggingface.co, such as https://models.example.org.`);
    return new URL(address).origin;
  });
  return { port, mirrors };
}

await runMain(async () => {
  const { port, mirrors } = readOptions();
  ensureInstalled();
  await ensureBuilt();
  const { url } = await serve({ root: distFolder, port, mirrors });
  console.log(`Graft is at ${url}  (Ctrl+C ends it)`);
});
