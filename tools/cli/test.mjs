/**
 * `npm test`: everything, on a fresh machine. Prints each part's result, and as the last line `N passed, N failed`,
 * which counts single tests, and one for each part that is not made of tests. No test at all counts as a failure.
 * `--quick` (npm run check) is the part for every few minutes: types, lint, layers and the tests in Node.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { freePort } from "./free-port.mjs";
import { CommandError, ensureAssets, ensureBuilt, ensureInstalled, projectRoot, runMain, tool } from "./project.mjs";
import { countPlaywright, countVitest } from "./test-counts.mjs";

/** @typedef {import("./test-counts.mjs").Counts} Counts */

/** @param {string} script @param {string[]} args @param {NodeJS.ProcessEnv} env */
function runTool(script, args, env = {}) {
  return spawnSync(process.execPath, [tool(script), ...args], { cwd: projectRoot, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } }).status === 0;
}

/** @param {() => boolean | Promise<unknown>} check @returns {Promise<Counts>} */
async function asOne(check) {
  const passed = (await check()) !== false;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
}

/**
 * Runs a test runner and reads its JSON report; a runner that fails without a failed test (or a report) adds a failure.
 * @param {(report: string) => boolean} runner
 * @param {(report: any) => Counts} count
 * @returns {Counts}
 */
function asTests(runner, count) {
  const folder = mkdtempSync(join(tmpdir(), "graft-test-"));
  const report = join(folder, "report.json");
  try {
    const ok = runner(report);
    const { passed, failed } = count(JSON.parse(readFileSync(report, "utf8")));
    return { passed, failed: failed + (failed === 0 && (!ok || passed === 0) ? 1 : 0) };
  } catch (error) {
    console.error(`No readable test report: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} project */
const vitest = (project) =>
  asTests((report) => runTool("vitest/vitest.mjs", ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]), countVitest);

async function journeys() {
  const port = await freePort();
  return asTests(
    (report) => runTool("@playwright/test/cli.js", ["test", "--reporter=line,json"], { PLAYWRIGHT_JSON_OUTPUT_NAME: report, GRAFT_E2E_PORT: String(port) }),
    countPlaywright,
  );
}

/** @type {{ name: string, quick: boolean, run: () => Counts | Promise<Counts> }[]} */
const parts = [
  { name: "assets", quick: true, run: () => asOne(ensureAssets) },
  { name: "types", quick: true, run: () => asOne(() => runTool("typescript/bin/tsc", ["-p", "."])) },
  { name: "lint", quick: true, run: () => asOne(() => runTool("eslint/bin/eslint.js", [".", "--cache", "--cache-location", "node_modules/.cache/eslint/"])) },
  { name: "layers", quick: true, run: () => asOne(() => runTool("dependency-cruiser/bin/dependency-cruise.mjs", ["src", "--config", ".dependency-cruiser.cjs"])) },
  { name: "tests in Node", quick: true, run: () => vitest("node") },
  { name: "tests in the browser", quick: false, run: () => vitest("browser") },
  { name: "build", quick: false, run: () => asOne(ensureBuilt) },
  { name: "bundle", quick: false, run: () => asOne(async () => console.log((await import("./check-bundle.mjs")).checkBundle())) },
  { name: "journeys", quick: false, run: journeys },
];

await runMain(async () => {
  const quick = process.argv.includes("--quick");
  ensureInstalled();
  if (!quick) (await import("./browser.mjs")).ensureBrowser();
  const results = [];
  for (const { name, run } of parts.filter((part) => part.quick || !quick)) {
    console.log(`\n== ${name}`);
    const startMs = Date.now();
    /** @type {Counts} */
    let counts = { passed: 0, failed: 1 };
    try {
      counts = await run();
    } catch (error) {
      console.error(error instanceof CommandError ? error.message : error);
    }
    results.push({ name, ...counts, seconds: (Date.now() - startMs) / 1000 });
  }
  console.log("");
  for (const { name, passed, failed, seconds } of results) console.log(`${failed === 0 ? "ok    " : "FAILED"}  ${name.padEnd(22)} ${`${passed} passed, ${failed} failed`.padEnd(26)} ${seconds.toFixed(1)} s`);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
});
