/**
 * How the page is built: three entries (the page, the bare page that the command line drives, and the service worker), the worker as a module
 * of its own, and beside the manifest a list of which modules went into which file, for the bundle check.
 */
import react from "@vitejs/plugin-react";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { isolationHeaders } from "./tools/cli/headers.mjs";

const serviceWorkerFile = "service-worker.js";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Writes `.vite/modules.json`: output file -> the source modules in it, relative to the project. */
function listModules(): Plugin {
  return {
    name: "graft-list-modules",
    apply: "build",
    generateBundle(_, bundle) {
      const modules: Record<string, string[]> = {};
      for (const output of Object.values(bundle)) {
        if (output.type === "chunk") modules[output.fileName] = output.moduleIds.map((id) => relative(root, id.replaceAll("\0", "")));
      }
      this.emitFile({ type: "asset", fileName: ".vite/modules.json", source: JSON.stringify(modules, null, 1) });
    },
  };
}

/**
 * Tells the service worker what it keeps: the page's own files, and a name for each state of them and of what is embedded. After
 * everything else, since only then all files are there under their names.
 */
function listForServiceWorker(): Plugin {
  return {
    name: "graft-list-for-service-worker",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const worker = bundle[serviceWorkerFile];
        if (worker?.type !== "chunk") return this.error(`The build has no ${serviceWorkerFile}.`);
        const own = Object.values(bundle).filter(({ fileName }) => fileName.startsWith("assets/") || fileName === "index.html");
        const files = own.map(({ fileName }) => fileName).sort();
        if (!files.includes("index.html")) return this.error("The page is not among the build's files.");
        const page = bundle["index.html"];
        const hash = (...parts: readonly string[]): string => createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 12);
        const { fingerprint } = JSON.parse(readFileSync(new URL("public/embedded/prepared.json", import.meta.url), "utf8")) as { readonly fingerprint: string };
        const build = {
          files: ["./", ...files.filter((file) => file !== "index.html"), "favicon.svg"],
          // All other names have a hash of the content in them.
          version: hash(...files, page?.type === "asset" ? String(page.source) : "", worker.code),
          embedded: fingerprint.slice(0, 12),
        };
        worker.code = worker.code.replaceAll("__BUILD__", () => JSON.stringify(build));
      },
    },
  };
}

/**
 * The wasm backend starts its threads from its own function's source text, which a minifier breaks: it drops the guard
 * around a name of the surrounding module. The threads get the published source instead. And they load it as a script, which the
 * page's demand for trusted types refuses: so each thread first allows itself what the tab made.
 */
function keepThreadSource(): Plugin {
  const expression = "wasmFactoryThreadedSimd.toString()";
  const threadStart = "wasmWorkerContents.replace(";
  const policy = 'self.trustedTypes?.createPolicy("default",{createScriptURL:(address)=>address.startsWith(`blob:${location.origin}/`)?address:null});';
  return {
    name: "graft-keep-thread-source",
    apply: "build",
    transform(code, id) {
      if (!id.endsWith("/@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js")) return undefined;
      for (const part of [expression, threadStart]) if (!code.includes(part)) this.error(`${part} is not in ${id}: look at how this version starts its threads.`);
      const source = readFileSync(new URL("../wasm-out/tfjs-backend-wasm-threaded-simd.js", pathToFileURL(id)), "utf8");
      // `var X = ` + source: the source's own first statement declares X, and this one comes to the same.
      const mended = code.replace(expression, () => JSON.stringify(`undefined;\n${source}`)).replace(threadStart, () => `${JSON.stringify(policy)} + ${threadStart}`);
      return { code: mended, map: null };
    },
  };
}

export default defineConfig({
  root,
  // Relative, so that the built page works in any folder of any static host.
  base: "./",
  plugins: [react(), listModules(), listForServiceWorker()],
  build: {
    target: "es2023",
    manifest: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: ["index.html", "headless.html", "src/app/service-worker/worker.ts"],
      // Beside the page, because a service worker serves the folder that it lies in; without a hash, because the browser looks for its successor there.
      output: {
        entryFileNames: ({ facadeModuleId }) => (facadeModuleId?.endsWith("/service-worker/worker.ts") ? serviceWorkerFile : "assets/[name]-[hash].js"),
        // What three parts of the page need comes in one file: in forty small ones it was 18 KB more, since each is compressed by itself.
        codeSplitting: { groups: [{ name: "shared", minShareCount: 3 }] },
      },
    },
  },
  worker: { format: "es", plugins: () => [keepThreadSource()] },
  server: { host: "127.0.0.1", headers: isolationHeaders },
  preview: { host: "127.0.0.1", headers: isolationHeaders },
});
