/** Runs a command of this folder that is written in TypeScript: `node tools/cli/run.mjs tune …`, on a fresh checkout too. */
import { ensureInstalled, runMain } from "./project.mjs";

await runMain(async () => {
  const [name = ""] = process.argv.splice(2, 1);
  ensureInstalled();
  const { register } = await import("tsx/esm/api");
  register();
  /** @type {{ main: () => Promise<void> }} */
  const { main } = await import(`./${name}.ts`);
  await main();
});
