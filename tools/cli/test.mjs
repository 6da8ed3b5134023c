/**
 * `npm test`: everything, on a fresh machine. Prints each part's result, and as the last line `N passed, N failed`,
 * which counts single tests, and one for each part that is not made of tests. No test at all counts as a failure.
 * `--quick` (npm run check) is the part for every few minutes: types, lint, layers and the tests in Node, without those that
 * take many seconds (`*.long.test.ts`).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.mjs";
import { CommandError, ensureAssets, ensureBuilt, ensureInstalled, projectRoot, runMain, tool } from "./project.mjs";
import { countPlaywright, countVitest } from "./test-counts.mjs";

/** @typedef {import("./test-counts.mjs").Counts} Counts */
/** @typedef {{ name: string, passed: number, failed: number, seconds: number }} Result */

/**
 * Runs a tool, its output as it comes, or (`held`) only once it has failed.
 * @param {string} script
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, held?: boolean }} options
 * @returns {Promise<boolean>}
 */
function runTool(script, args, { env = {}, held = false } = {}) {
  const child = spawn(process.execPath, [tool(script), ...args], { cwd: projectRoot, stdio: ["ignore", held ? "pipe" : "inherit", held ? "pipe" : "inherit"], env: { ...process.env, ...env } });
  /** @type {Buffer[]} */
  const output = [];
  child.stdout?.on("data", (text) => output.push(text));
  child.stderr?.on("data", (text) => output.push(text));
  return new Promise((resolve) =>
    child.on("close", (code) => {
      if (held && code !== 0) process.stdout.write(`\n${Buffer.concat(output).toString()}`);
      resolve(code === 0);
    }),
  );
}

/** @param {() => boolean | Promise<unknown>} check @returns {Promise<Counts>} */
async function asOne(check) {
  const passed = (await check()) !== false;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
}

/**
 * Runs a test runner and reads its JSON report; a runner that fails without a failed test (or a report) adds a failure.
 * @param {(report: string) => Promise<boolean>} runner
 * @param {(report: any) => Counts} count
 * @returns {Promise<Counts>}
 */
async function asTests(runner, count) {
  const folder = mkdtempSync(join(tmpdir(), "graft-test-"));
  const report = join(folder, "report.json");
  try {
    const ok = await runner(report);
    const { passed, failed } = count(JSON.parse(readFileSync(report, "utf8")));
    return { passed, failed: failed + (failed === 0 && (!ok || passed === 0) ? 1 : 0) };
  } catch (error) {
    console.error(`No readable test report: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} project @param {NodeJS.ProcessEnv} env */
const vitest = (project, env = {}) =>
  asTests((report) => runTool("vitest/vitest.mjs", ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`], { env }), countVitest);

async function journeys() {
  const port = await freePort();
  return asTests(
    (report) => runTool("@playwright/test/cli.js", ["test", "--reporter=line,json,./e2e/support/faults.ts"], { env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report, GRAFT_E2E_PORT: String(port) } }),
    countPlaywright,
  );
}

/** @typedef {{ name: string, run: () => Promise<Counts> }} Part */

/**
 * One after the other, beside the tests in Node: each of the two rows keeps about one core busy. The quick lint leaves out files that are as they were;
 * a rule that looks at the types of others may then miss something, so the whole lint keeps no memory.
 * @param {boolean} quick
 * @returns {Part[]}
 */
const partsBesideNode = (quick) => [
  { name: "types", run: () => asOne(() => runTool("typescript/bin/tsc", ["-p", "."], { held: true })) },
  { name: "lint", run: () => asOne(() => runTool("eslint/bin/eslint.js", [".", ...(quick ? ["--cache", "--cache-strategy", "content", "--cache-location", "node_modules/.cache/eslint/"] : [])], { held: true })) },
  { name: "layers", run: () => asOne(() => runTool("dependency-cruiser/bin/dependency-cruise.mjs", ["src", "--config", ".dependency-cruiser.cjs"], { held: true })) },
  ...(quick ? [] : [{ name: "tests in the browser", run: () => vitest("browser") }]),
];
/** @type {Part[]} */
const partsAfter = [
  { name: "build", run: () => asOne(ensureBuilt) },
  { name: "bundle", run: () => asOne(async () => console.log((await import("./check-bundle.mjs")).checkBundle())) },
  { name: "journeys", run: journeys },
];

/** @param {Part[]} parts @returns {Promise<Result[]>} */
async function runAll(parts) {
  const results = [];
  for (const { name, run } of parts) {
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
  return results;
}

await runMain(async () => {
  const quick = process.argv.includes("--quick");
  ensureInstalled();
  if (!quick) (await import("./browser.mjs")).ensureBrowser();
  const assets = await runAll([{ name: "assets", run: () => asOne(ensureAssets) }]);
  const [checks, tests] = await Promise.all([runAll(partsBesideNode(quick)), runAll([{ name: "tests in Node", run: () => vitest("node", quick ? { GRAFT_QUICK: "1" } : {}) }])]);
  const results = [...assets, ...checks, ...tests, ...(quick ? [] : await runAll(partsAfter))];

  console.log("");
  for (const { name, passed, failed, seconds } of results) console.log(`${failed === 0 ? "ok    " : "FAILED"}  ${name.padEnd(22)} ${`${passed} passed, ${failed} failed`.padEnd(26)} ${seconds.toFixed(1)} s`);
  const sum = (/** @type {"passed" | "failed"} */ key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  if (sum("failed") > 0) process.exitCode = 1;
});
