/** Unpacks a run's download into the folder that a person named: DIR/model/… and DIR/metrics.json. */
import { unzipSync } from "fflate";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";

/** @throws Error for a zip that would write outside `out`, or that holds no metrics.json; nothing is written then. */
export function writeOutput(zip: Uint8Array, out: string): void {
  const modelFolder = resolve(out, "model");
  const entries = Object.entries(unzipSync(zip)).filter(([name]) => !name.endsWith("/"));
  const targets = entries.map(([name, content]) => ({ path: resolve(modelFolder, name), content }));
  const outside = entries.find((_, i) => !targets[i]?.path.startsWith(modelFolder + sep));
  if (outside) throw new Error(`The download names a file outside its folder: ${outside[0]}`);
  const metrics = entries.find(([name]) => basename(name) === "metrics.json");
  if (!metrics) throw new Error("The download holds no metrics.json.");
  for (const { path, content } of targets) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  writeFileSync(join(out, "metrics.json"), metrics[1]);
}
