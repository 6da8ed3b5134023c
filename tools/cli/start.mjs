/** `npm start`: installs what is missing, builds what is stale, serves the page on loopback and prints the address. */
import { parseArgs } from "node:util";
import { CommandError, distFolder, ensureBuilt, ensureInstalled, runMain } from "./project.mjs";
import { serve } from "./serve.mjs";

function readPort() {
  /** @type {{ values: { port?: string } }} */
  let parsed;
  try {
    parsed = parseArgs({ options: { port: { type: "string" } } });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error} Usage: npm start -- [--port N]`);
  }
  const port = Number(parsed.values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new CommandError(`--port ${parsed.values.port}: expected a whole number from 1 to 65535.`);
  return port;
}

await runMain(async () => {
  const port = readPort();
  ensureInstalled();
  await ensureBuilt();
  const { url } = await serve({ root: distFolder, port });
  console.log(`Graft is at ${url}  (Ctrl+C ends it)`);
});
