/**
 * How the page is built: two entries (the page, and the bare page that the command line drives), the worker as a module
 * of its own, and beside the manifest a list of which modules went into which file, for the bundle check.
 */
import react from "@vitejs/plugin-react";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { isolationHeaders } from "./tools/cli/headers.mjs";

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

export default defineConfig({
  root,
  // Relative, so that the built page works in any folder of any static host.
  base: "./",
  plugins: [react(), listModules()],
  build: {
    target: "es2023",
    manifest: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4096,
    rolldownOptions: { input: ["index.html", "headless.html"] },
  },
  worker: { format: "es" },
  server: { host: "127.0.0.1", headers: isolationHeaders },
});
