/** What keep.browser.test.ts runs in a worker, because only there the storage works. */
import * as Comlink from "comlink";
import { OpfsStorage } from "../../storage/opfs.ts";
import { ProjectStore } from "../project-store.ts";

const checks = {
  /** Texts as the files of one source, kept and read back. `stored`: what is in the folder for them afterwards. */
  async keep(texts: readonly string[]) {
    const storage = new OpfsStorage("keep-test");
    const store = new ProjectStore(storage);
    const project = await store.create({ name: "Texts", task: "text-generation" });
    try {
      const source = await project.addSource({ kind: "data", name: "texts" }, texts.map((text, i) => ({ path: `${i}.txt`, blob: new Blob([text]) })));
      const files = await project.files(source);
      const stored = (await storage.names(project.id)).filter((name) => /^(content|incoming)-/.test(name));
      return { paths: files.map(({ path }) => path), texts: await Promise.all(files.map(({ blob }) => blob.text())), stored };
    } finally {
      await store.delete(project.id);
    }
  },
};
export type KeepChecks = typeof checks;

Comlink.expose(checks);
