/**
 * The service worker for a static host that sends no headers: it hands the page's own files on with the isolation headers and the
 * content policy that our servers send. It keeps nothing, and leaves requests to other hosts alone. `register.ts` starts it.
 */
import { contentSecurityPolicy, isolationHeaders } from "../../../tools/cli/headers.mjs";

/** What TypeScript's DOM library does not declare of a service worker, as far as it is used here. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorkerScope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(kind: "fetch", listener: (event: FetchEvent) => void): void;
}
const scope = globalThis as unknown as ServiceWorkerScope;

async function isolated(request: Request): Promise<Response> {
  const response = await fetch(request);
  // A redirect of a navigation is opaque, and followed by the browser, which asks again.
  if (response.type === "opaqueredirect" || response.type === "error") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolationHeaders)) headers.set(name, value);
  // A host's own policy is its decision.
  if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", contentSecurityPolicy);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (new URL(request.url).origin !== scope.location.origin) return;
  // A probe of the browser's cache that may not be repeated as a fetch.
  if (request.cache === "only-if-cached" && request.mode !== "same-origin") return;
  event.respondWith(isolated(request));
});
