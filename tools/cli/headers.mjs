/**
 * The headers that every server of the page sends, in one place: ours, Vite's while developing, and the tests'.
 * Isolation is what gives the worker SharedArrayBuffer, and with it wasm threads. The policy is what keeps the promise
 * that no data leave the tab: it names the hosts of models, and no other.
 */

export const isolationHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/**
 * Where models come from when a person asks for one: src/protocol/hub.ts names the address, which sends on to hf.co for large
 * files. Loopback is a mirror on this machine. `npm start -- --hub ADDRESS` adds another.
 */
const modelHosts = ["https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co", "http://127.0.0.1:*", "http://localhost:*"];

/** @param {readonly string[]} mirrors origins of further hubs */
export function contentSecurityPolicyWith(mirrors) {
  return [
    "default-src 'self'",
    // The wasm backend compiles modules, and its threads load their script from a blob.
    "script-src 'self' 'wasm-unsafe-eval' blob:",
    "worker-src 'self' blob:",
    // Mantine and Recharts set style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    `connect-src ${["'self'", "blob:", "data:", ...modelHosts, ...mirrors].join(" ")}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // No string becomes code or an element, but through the one policy that src/core/trusted-types.ts makes.
    "require-trusted-types-for 'script'",
    "trusted-types default",
  ].join("; ");
}

export const contentSecurityPolicy = contentSecurityPolicyWith([]);
