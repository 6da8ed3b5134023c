/**
 * Projects of strangers, as one zip: damaged, with manifests and records that lie, with paths that lead elsewhere; and changed by
 * somebody who seals anew what was changed, so that every digest is right and only what is said is not.
 */
import { strToU8, unzipSync, zipSync, type Zippable } from "fflate";
import { Rng } from "../../../core/rng.ts";
import { writeSafetensors } from "../../../formats/safetensors/write.ts";
import { mutateBytes, mutateJson } from "../../../formats/testing/mutate.ts";
import { exportProject, importProject } from "../../../projects/archive.ts";
import { digestOf } from "../../../projects/digest.ts";
import { ProjectStore } from "../../../projects/project-store.ts";
import { seal, unseal, type Sealed } from "../../../projects/sealed.ts";
import { exampleProject, seenOf } from "../../../projects/testing/projects.ts";
import { MemoryStorage } from "../../../storage/testing/memory-storage.ts";
import { initialProgress, parseProgress } from "../../../train/checkpoint.ts";
import type { HostileInput } from "./survive.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Files = Readonly<Record<string, Bytes>>;

const manifest = "graft-project.json";
const bytesOf = async (blob: Blob): Promise<Bytes> => new Uint8Array(await blob.arrayBuffer());
const zipped = (files: Zippable): Bytes => zipSync(files, { level: 0 });

/** Imports it, and reads everything that is then in the project, checkpoints for resuming included. Where that is refused, no file may stay. */
async function readProject(zip: Bytes): Promise<void> {
  const storage = new MemoryStorage();
  const store = new ProjectStore(storage);
  let project;
  try {
    project = await importProject(storage, store, new Blob([zip]), "project.zip");
  } catch (error) {
    if (storage.content.size > 0) throw new Error(`Refused, and there stayed ${[...storage.content.keys()].join(", ")}.`, { cause: error });
    throw error;
  }
  await seenOf(project);
  for (const { run, record } of await project.runs()) {
    const resumed = record?.state === "running" ? await run.resume() : null;
    if (resumed?.checkpoint) parseProgress(resumed.checkpoint.progress, "the checkpoint");
  }
  for (const folder of storage.content.keys()) if (!folder.startsWith(project.id)) throw new Error(`It wrote to ${folder}, outside of the project.`);
}

const paths = ["../../evil", "/etc/passwd", "C:/evil", "c:\\evil", "runs/../../evil", "runs/1/../../run", "runs/1/run/../x", "runs/0/run", "runs/1/checkpoint.9", "runs/99999999999/run", "runs/1/history-0", "runs/1/history-99999999", "runs/-1/run", "runs/1e3/run", "runs/__proto__/run", "__proto__/run", "constructor", "content/../project", `content/${"0".repeat(64)}`, `content/${"A".repeat(64)}`, `content/${"0".repeat(63)}`, "content/", "Project", "project ", "project\0", "<img src=x onerror=alert(1)>", "\u202egpj.exe", "\u001b[2J", "x".repeat(60_000)];

const manifests: Readonly<Record<string, string>> = {
  "of nothing": "",
  "that is null": "null",
  "that is a list": "[]",
  "that is a text": '"graft-project"',
  "of another program": '{"format":"other","version":1}',
  "with a format that is a list": '{"format":["graft-project"],"version":1}',
  "without a version": '{"format":"graft-project"}',
  "with a version that is a text": '{"format":"graft-project","version":"1"}',
  "with a version to come": '{"format":"graft-project","version":99}',
  "with a version beyond all numbers": '{"format":"graft-project","version":1e999}',
  "with a version below zero": '{"format":"graft-project","version":-1}',
  "with half a version": '{"format":"graft-project","version":0.5}',
  "that says it again": '{"format":"graft-project","version":99,"format":"graft-project","version":1}',
  "with prototypes": '{"__proto__":{"polluted":1,"format":"graft-project","version":1},"constructor":{"prototype":{"polluted":1}}}',
  "with prototypes beside": '{"format":"graft-project","version":1,"__proto__":{"polluted":1}}',
  "nested without end": '{"a":'.repeat(50_000) + "1" + "}".repeat(50_000),
  "of a million letters": `{"format":"graft-project","version":1,"name":"${"x".repeat(1_000_000)}"}`,
  "that is no JSON": "{",
  "in another encoding": "\u00ff\u00fe{",
};

/** One of its sealed files opened, changed by `change`, and sealed again with a right digest. */
async function resealed(files: Files, path: string, change: (sealed: Sealed) => Omit<Sealed, "body"> & { readonly body?: Bytes }): Promise<Files> {
  return { ...files, [path]: await bytesOf(new Blob([...(await seal(change(await unseal(new Blob([files[path] as Bytes]), path))))])) };
}

async function handMade(files: Files): Promise<ReadonlyMap<string, Bytes>> {
  const made = new Map<string, Bytes>([["a project as it is", zipped(files)]]);
  const put = async (name: string, changed: Files | Promise<Files>): Promise<unknown> => made.set(name, zipped(await changed));
  for (const [name, text] of Object.entries(manifests)) await put(`a manifest ${name}`, { ...files, [manifest]: strToU8(text) });
  for (const [i, path] of paths.entries()) await put(`path ${i}`, { ...files, [path]: strToU8("x") });
  await put("a link for a record", { ...files, project: [strToU8("/etc/passwd"), { os: 3, attrs: (0o120777 << 16) >>> 0 }] } as unknown as Files);
  const polluting = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1}}') as object;
  const sealedPaths = Object.keys(files).filter((path) => path !== manifest && !path.startsWith("content/"));
  for (const path of sealedPaths) {
    const head = (change: (head: object) => unknown): Promise<Files> => resealed(files, path, (sealed) => ({ ...sealed, head: change(sealed.head as object) }));
    await put(`${path} gone`, Object.fromEntries(Object.entries(files).filter(([other]) => other !== path)));
    await put(`${path} that is JSON`, { ...files, [path]: strToU8("{}") });
    await put(`${path} in a version to come`, resealed(files, path, (sealed) => ({ ...sealed, version: 99 })));
    await put(`${path} in no version`, resealed(files, path, (sealed) => ({ ...sealed, version: -1 })));
    await put(`${path} of a prototype's kind`, resealed(files, path, (sealed) => ({ ...sealed, kind: "__proto__" })));
    await put(`${path} with prototypes`, head((own) => Object.assign(Object.create(null) as object, polluting, own)));
    await put(`${path} with a head that is null`, head(() => null));
    await put(`${path} with a body of rubbish`, resealed(files, path, (sealed) => ({ ...sealed, body: new Uint8Array(300).fill(7) })));
  }
  for (const [i, other] of sealedPaths.entries()) await put(`${other} in the next one's place`, { ...files, [sealedPaths[(i + 1) % sealedPaths.length] as string]: files[other] as Bytes });
  // Numbers that a run would be counted, stored or gone on from by.
  for (const value of [-1, 0.5, NaN, Infinity, 2 ** 60, "1", null, []]) await put(`a checkpoint with ${String(value)} pieces of history`, resealed(files, "runs/2/checkpoint", (sealed) => ({ ...sealed, head: { ...(sealed.head as object), history: value } })));
  const tensors: Readonly<Record<string, Bytes>> = {
    "whose tensors lie": new Uint8Array([255, 255, 255, 255, 255, 255, 255, 127, 1]),
    "with a tensor called __proto__": writeSafetensors(new Map([["weights/__proto__", { shape: [1], values: new Float32Array(1) }]])),
    "with a tensor without a group": writeSafetensors(new Map([["x", { shape: [1], values: new Float32Array(1) }]])),
    "without tensors": writeSafetensors(new Map()),
  };
  for (const [name, body] of Object.entries(tensors)) await put(`a checkpoint ${name}`, resealed(files, "runs/2/checkpoint", (sealed) => ({ ...sealed, body })));
  const evil = strToU8("evil");
  const storedFile = (path: string, digest: string): object => ({ path, bytes: 4, digest });
  const digest = await digestOf([evil]);
  for (const [i, path] of ["../../evil.csv", "/etc/passwd", "<script>alert(1)</script>.csv", "__proto__", "\u001b[2J.csv"].entries()) {
    await put(`a source's path ${i}`, resealed({ ...files, [`content/${digest}`]: evil }, "project", (sealed) => ({ ...sealed, head: { ...(sealed.head as object), sources: [{ id: 1, kind: "data", name: path, addedAt: 1, files: [storedFile(path, digest)] }] } })));
  }
  await put("a source's digest that is a path", resealed(files, "project", (sealed) => ({ ...sealed, head: { ...(sealed.head as object), sources: [{ id: 1, kind: "data", name: "d", addedAt: 1, files: [storedFile("a.csv", "../../../evil")] }] } })));
  return made;
}

/** Somebody else's claims under a right digest. */
async function changedHead(files: Files, path: string, rng: Rng): Promise<Files> {
  return resealed(files, path, (sealed) => ({ ...sealed, head: mutateJson(sealed.head, rng) }));
}

export async function hostileProjects(): Promise<readonly HostileInput[]> {
  const random = new Rng(66);
  const storage = new MemoryStorage();
  const example = unzipSync(await bytesOf(await exportProject(storage, await exampleProject(new ProjectStore(storage))))) as Files;
  const files = await resealed(example, "runs/2/checkpoint", (sealed) => ({ ...sealed, head: { ...(sealed.head as object), progress: { ...initialProgress(4), step: 7 } } }));
  const made = new Map(await handMade(files));
  const paths = Object.keys(files);
  const whole = zipped(files);
  for (let i = 0; i < 60; i++) made.set(`a damaged zip ${i}`, mutateBytes(whole, random.fork(i)) as Bytes);
  for (const [file, path] of paths.entries()) {
    const sealed = path !== manifest && !path.startsWith("content/");
    for (let i = 0; i < (sealed ? 12 : 4); i++) {
      const rng = random.fork(1000 + file * 100 + i);
      if (sealed && i % 4 > 0) made.set(`${path} changed ${i}`, zipped(await changedHead(files, path, rng)));
      else made.set(`${path} damaged ${i}`, zipped({ ...files, [path]: mutateBytes(files[path] as Bytes, rng) }));
    }
  }
  return [...made].map(([name, zip]) => ({ name, read: () => readProject(zip) }));
}
