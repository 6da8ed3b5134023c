/**
 * The page's one service worker. It does two things. On a static host that sends no headers it hands the page's own files on with the
 * isolation headers and the content policy that our servers send. And it keeps Graft working without a connection: the built page is
 * kept when it is installed, embedded models, samples and wasm when they are first used. Requests to other hosts it leaves alone.
 *
 * The page itself is asked of the network first, so that a reload brings what is new; its files carry hashes, and come from what is kept.
 * A new version's worker waits until no tab shows the old one, or a person says so: the files of a page that trains are never taken away.
 */
import { contentSecurityPolicy, isolationHeaders } from "../../../tools/cli/headers.mjs";
import type { Activate } from "./message.ts";

/** What TypeScript's DOM library does not declare of a service worker, as far as it is used here. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorkerScope {
  readonly registration: { readonly scope: string; readonly active: unknown };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(kind: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(kind: "message", listener: (event: MessageEvent<unknown>) => void): void;
}
const scope = globalThis as unknown as ServiceWorkerScope;

/** What the build knows: its own files, relative to this one, and what both parts' content is called by. Put here by vite.config.ts. */
declare const __BUILD__: { readonly files: readonly string[]; readonly version: string; readonly embedded: string };
const { files, version, embedded } = __BUILD__;
const cacheNames = { page: `graft-page-${version}`, embedded: `graft-embedded-${embedded}` };

const addressOf = (path: string): string => new URL(path, scope.registration.scope).href;
const page = addressOf("./");
const pageFiles = new Set(files.map(addressOf));
const embeddedFolder = addressOf("embedded/");

async function install(): Promise<void> {
  // Nobody is shown an older version, so there is nothing to wait for.
  if (scope.registration.active === null) await scope.skipWaiting();
  const cache = await caches.open(cacheNames.page);
  // Hashed files may come from the browser's memory; the page itself has to be today's.
  await cache.addAll([...pageFiles].map((address) => new Request(address, { cache: address.includes("/assets/") ? "default" : "no-cache" })));
}

async function activate(): Promise<void> {
  const mine = Object.values(cacheNames);
  for (const name of await caches.keys()) if (name.startsWith("graft-") && !mine.includes(name)) await caches.delete(name);
  await scope.clients.claim();
}

/** An answer as our own servers give it, wherever it comes from. */
function isolated(response: Response): Response {
  // A redirect of a navigation is opaque, and followed by the browser, which asks again.
  if (response.type === "opaqueredirect" || response.type === "error") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolationHeaders)) headers.set(name, value);
  // A host's own policy is its decision.
  if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", contentSecurityPolicy);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function kept(request: Request, name: string): Promise<Response | undefined> {
  // An address with something behind "?" is a question of its own, but for the page.
  return (await caches.open(name)).match(request.mode === "navigate" ? page : request, { ignoreVary: true });
}

async function fromNetwork(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.ok && response.status === 200 && request.url.startsWith(embeddedFolder)) {
    const copy = response.clone();
    // A full disk must not keep a model from being used.
    await (await caches.open(cacheNames.embedded)).put(request, copy).catch(() => undefined);
  }
  return response;
}

async function answer(request: Request): Promise<Response> {
  const { url, mode } = request;
  if (mode === "navigate") {
    const isPage = url.replace(/[?#].*$/, "").replace(/index\.html$/, "") === page;
    if (!isPage) return isolated(await fromNetwork(request));
    try {
      return isolated(await fetch(request));
    } catch (error) {
      const found = await kept(request, cacheNames.page);
      if (found) return isolated(found);
      throw error;
    }
  }
  const name = pageFiles.has(url) ? cacheNames.page : url.startsWith(embeddedFolder) ? cacheNames.embedded : null;
  const found = name === null ? undefined : await kept(request, name);
  return isolated(found ?? (await fromNetwork(request)));
}

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(activate()));
scope.addEventListener("message", ({ data }) => {
  if (data === ("graft-activate" satisfies Activate)) void scope.skipWaiting();
});
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope.registration.scope)) return;
  // A probe of the browser's cache that may not be repeated as a fetch.
  if (request.cache === "only-if-cached" && request.mode !== "same-origin") return;
  event.respondWith(answer(request));
});
