/** What bench/results.json holds, and how it is kept: the figures of one commit, those of a part that is measured again replaced. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../tools/cli/project.mjs";
import type { EngineName, ModelName } from "./engine.ts";

export interface Row {
  readonly model: ModelName | "small-transformer" | "small-mobilenet-v2-head";
  readonly engine: EngineName;
  readonly backend: "webgpu" | "wasm" | "cpu";
  readonly phase: "first" | "steady" | "replay" | "cached";
  /** `dispatches`, `jsMs`, `liveBytes`, …; the unit is in the name. */
  readonly figure: string;
  readonly value: number;
}

export interface Results {
  readonly commit: string;
  /** ISO 8601. */
  readonly date: string;
  readonly adapter: string;
  readonly rows: readonly Row[];
}

const file = join(projectRoot, "bench/results.json");

function commit(): string {
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: projectRoot, encoding: "utf8" }).trim();
  const changed = git("status", "--porcelain", "--", "src", "bench/*.ts", "package-lock.json") !== "";
  return git("rev-parse", "HEAD") + (changed ? " and changes" : "");
}

const keyOf = ({ model, engine, backend, phase, figure }: Row): string => [model, engine, backend, phase, figure].join(" ");

/** One line a row keeps the file's differences readable. */
export function writeResults(adapter: string, rows: readonly Row[]): Results {
  const now = commit();
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : null;
  const fresh = new Set(rows.map(keyOf));
  const kept = before?.commit === now && before.adapter === adapter ? before.rows.filter((row) => !fresh.has(keyOf(row))) : [];
  const results: Results = { commit: now, date: new Date().toISOString(), adapter, rows: [...kept, ...rows] };
  const { rows: all, ...head } = results;
  writeFileSync(file, `${JSON.stringify(head).slice(0, -1)},"rows":[\n${all.map((row) => JSON.stringify(row)).join(",\n")}\n]}\n`);
  return results;
}
