/**
 * The one static server of the built page: loopback only, isolated, and with the content security policy. Used by
 * `npm start`, by the command line and by the journeys.
 */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { contentSecurityPolicyWith, isolationHeaders } from "./headers.mjs";
import { CommandError } from "./project.mjs";

/** @type {Record<string, string>} */
const mimeTypes = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".zip": "application/zip",
};

/** @param {readonly string[]} mirrors */
const ownHeaders = (mirrors) => ({
  ...isolationHeaders,
  "Content-Security-Policy": contentSecurityPolicyWith(mirrors),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
});

/**
 * The file that a URL path names, or undefined: never one outside `root`, whatever the path or a link in it says.
 * @param {string} root a real path
 * @param {string} url
 */
async function resolveFile(root, url) {
  try {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const file = await realpath(join(root, path.endsWith("/") ? `${path}index.html` : path));
    if (!file.startsWith(root + sep)) return undefined;
    const info = await stat(file);
    return info.isFile() ? { file, size: info.size } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Serves a folder on a free port, or the one given.
 * @param {{ root: string, port?: number, mirrors?: readonly string[], headers?: Record<string, string> }} options mirrors: origins of hubs that the page may reach beside the usual ones; headers: of every answer; a test of what a host without ours does gives others.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve({ root, port = 0, mirrors = [], headers = ownHeaders(mirrors) }) {
  const realRoot = await realpath(root);
  const server = createServer(async (request, response) => {
    const send = (/** @type {number} */ status, /** @type {string} */ text) =>
      response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8" }).end(request.method === "HEAD" ? undefined : text);
    if (request.method !== "GET" && request.method !== "HEAD") return send(405, "Only GET and HEAD.");
    const found = await resolveFile(realRoot, request.url ?? "/");
    if (!found) return send(404, "Not found.");
    const { file, size } = found;
    // Vite puts a hash of the content into the names below assets/; everything else may change between builds.
    const cache = file.startsWith(join(realRoot, "assets") + sep) ? "public, max-age=31536000, immutable" : "no-cache";
    response.writeHead(200, { ...headers, "Content-Type": mimeTypes[extname(file)] ?? "application/octet-stream", "Content-Length": size, "Cache-Control": cache });
    if (request.method === "HEAD") return response.end();
    createReadStream(file).on("error", () => response.destroy()).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", (/** @type {NodeJS.ErrnoException} */ error) =>
      reject(error.code === "EADDRINUSE" ? new CommandError(`Port ${port} is taken. Choose another with --port, or leave it out for a free one.`) : error),
    );
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined));
        server.closeAllConnections();
      }),
  };
}
