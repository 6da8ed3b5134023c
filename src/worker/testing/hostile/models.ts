/** Models and downloads of strangers: the JSON beside the weights is changed, the weights are damaged, and what names a prototype is put in. */
import { strToU8, zipSync } from "fflate";
import { Rng } from "../../../core/rng.ts";
import { writeSafetensors } from "../../../formats/safetensors/write.ts";
import { mutateBytes, mutateJson } from "../../../formats/testing/mutate.ts";
import { openModelFiles } from "../../../models/open.ts";
import { textCheckpoint } from "../../../models/testing/checkpoint-files.ts";
import type { ModelFile } from "../../../formats/tfjs-files.ts";
import type { Device } from "../../device.ts";
import { OpenedDownload } from "../../opened-download.ts";
import type { HostileInput } from "./survive.ts";

type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

const polluted = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":1';
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** The files with one of them as it was, changed as JSON, damaged as bytes, with keys that name prototypes, nested without end, or gone. */
function variants(files: Files, seed: number, perFile: number): ReadonlyMap<string, Files> {
  const random = new Rng(seed);
  const made = new Map<string, Files>([["as it is", files]]);
  for (const [file, [path, bytes]] of [...files].entries()) {
    const put = (name: string, content: Uint8Array<ArrayBuffer>): unknown => made.set(`${path} ${name}`, new Map([...files, [path, content]]));
    made.set(`${path} gone`, new Map([...files].filter(([other]) => other !== path)));
    put("empty", new Uint8Array());
    for (let i = 0; i < perFile; i++) {
      const rng = random.fork(file * 1000 + i);
      if (path.endsWith(".json") && i % 3 > 0) put(`changed ${i}`, bytesOf(JSON.stringify(mutateJson(parsed(bytes), rng)) ?? ""));
      else put(`damaged ${i}`, mutateBytes(bytes, rng) as Uint8Array<ArrayBuffer>);
    }
    if (!path.endsWith(".json")) continue;
    put("with prototypes", bytesOf(`${polluted},${new TextDecoder().decode(bytes).trim().slice(1)}`));
    put("prototypes alone", bytesOf(`${polluted}}`));
    put("nested without end", bytesOf('{"a":'.repeat(50_000) + "1" + "}".repeat(50_000)));
  }
  return made;
}

async function contents(files: readonly ModelFile[]): Promise<Files> {
  return new Map(await Promise.all(files.map(async ({ path, blob }) => [path, new Uint8Array(await blob.arrayBuffer())] as const)));
}

export async function hostileModels(): Promise<readonly HostileInput[]> {
  const files = await contents(textCheckpoint("bert"));
  return [...variants(files, 64, 9)].map(([name, changed]) => ({ name, read: () => openModelFiles([...changed].map(([path, bytes]) => ({ path, blob: new Blob([bytes]) }))) }));
}

/** The least that Graft's Download makes: pixels, their mean, a head. */
function download(): Files {
  const graph = {
    inputs: [{ name: "image", shape: [null, 32, 32, 3], dtype: "float32" }],
    parameters: [{ name: "head/kernel", shape: [3, 2], dtype: "float32", role: "weight" }],
    nodes: [
      { name: "pooled", op: "mean", inputs: ["image"], attributes: { axes: [1, 2], keepDims: false } },
      { name: "head/out", op: "matMul", inputs: ["pooled", "head/kernel"], attributes: { transposeA: false, transposeB: false } },
    ],
    outputs: ["head/out"],
  };
  const json = (value: unknown): Uint8Array<ArrayBuffer> => bytesOf(JSON.stringify(value));
  return new Map([
    ["graft.json", json({ format: "graft", version: 1, name: "tiny", task: "image-classification", classes: ["a", "b"], input: { kind: "image", name: "image", size: 32 }, validationAccuracy: 0.5 })],
    ["recipe.json", json({ task: "image-classification", model: "tiny" })],
    ["graft/graph.json", json(graph)],
    ["model.safetensors", writeSafetensors(new Map([["head/kernel", { shape: [3, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) }]]))],
  ]);
}

export function hostileDownloads(device: Device): readonly HostileInput[] {
  const made = new Map([...variants(download(), 65, 9)].map(([name, files]) => [name, zipSync(Object.fromEntries(files), { level: 0 })]));
  const [outside, twice] = [zipSync({ "../graft.json": strToU8("{}") }), zipSync({ "a/graft.json": strToU8("{}"), "b/graft.json": strToU8("{}") })];
  made.set("outside the zip", outside).set("two of them", twice);
  return [...made].map(([name, zip]) => ({
    name,
    read: async () => {
      const opened = await OpenedDownload.read([{ path: "download.zip", blob: new Blob([zip]) }], device);
      opened.dispose();
    },
  }));
}
