/**
 * The one place that finds a browser, gets one where there is none, and knows how Graft starts it. Used by the unit tests
 * in the browser, the journeys and the command line.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { CommandError } from "./project.mjs";

const require = createRequire(import.meta.url);
const isRoot = process.getuid?.() === 0;

const commandNames = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser"];
/** @type {Partial<Record<NodeJS.Platform, string[]>>} */
const knownPlaces = {
  darwin: ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"],
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].map((name) => join(process.env[name] ?? "C:\\", "Google\\Chrome\\Application\\chrome.exe")),
};

/**
 * Whether it runs: Chrome for Windows opens a window when asked for its version, so there existing has to do.
 * @param {string} path
 */
function answers(path) {
  if (!existsSync(path)) return false;
  return process.platform === "win32" || spawnSync(path, ["--version"], { stdio: "ignore", timeout: 20_000 }).status === 0;
}

function playwrightBrowser() {
  try {
    return require("playwright").chromium.executablePath();
  } catch {
    return "";
  }
}

/** @type {string | undefined} */
let found;

/** Path of a Chrome or Chromium that runs here, or undefined. `GRAFT_BROWSER` names one outright. */
export function findBrowser() {
  const named = process.env.GRAFT_BROWSER;
  if (named && !answers(named)) throw new CommandError(`GRAFT_BROWSER names ${named}, which does not run. Name a Chrome or Chromium, or leave it out.`);
  if (named) return named;
  const onPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => commandNames.map((name) => join(folder, name)));
  found ??= [...onPath, ...(knownPlaces[process.platform] ?? []), playwrightBrowser()].find((path) => path && answers(path));
  return found;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function run(command, args, env = {}) {
  return spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } }).status === 0;
}

/**
 * Finds a browser, or gets one: Playwright's own download, else Debian's package.
 * @throws CommandError with one sentence where neither works.
 */
export function ensureBrowser() {
  const ways = [
    () => {
      console.log("No Chrome or Chromium found; downloading Playwright's.");
      return run(process.execPath, [join(dirname(require.resolve("playwright/package.json")), "cli.js"), "install", "chromium"]);
    },
    () => {
      if (!isRoot || !existsSync("/etc/debian_version")) return false;
      console.log("Installing the package chromium.");
      run("apt-get", ["update"]);
      return run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], { DEBIAN_FRONTEND: "noninteractive" });
    },
  ];
  let path = findBrowser();
  for (const way of ways) {
    if (path) break;
    way();
    path = findBrowser();
  }
  if (!path) throw new CommandError("No browser: Graft's tests and command line need Chrome or Chromium. Install one, or name it in GRAFT_BROWSER.");
  return path;
}

/**
 * Playwright's launch options.
 * @param {{ webgpu?: "software" | "hardware" }} options `software` is the adapter that every machine has and that gives
 *   the same bits on each; `hardware` is this machine's own, and the software one where it has none.
 */
export function launchOptions({ webgpu = "software" } = {}) {
  return {
    executablePath: findBrowser(),
    chromiumSandbox: !isRoot,
    args: [
      ...(isRoot ? ["--no-sandbox"] : []),
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--enable-unsafe-webgpu",
      ...(webgpu === "software" ? ["--use-webgpu-adapter=swiftshader"] : process.platform === "linux" ? ["--enable-features=Vulkan"] : []),
    ],
  };
}
