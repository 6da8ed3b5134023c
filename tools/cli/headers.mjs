/**
 * The headers that every server of the page sends, in one place: ours, Vite's while developing, and the tests'.
 * Isolation is what gives the worker SharedArrayBuffer, and with it wasm threads. The policy is what keeps the promise
 * that nothing leaves the tab.
 */

export const isolationHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

export const contentSecurityPolicy = [
  "default-src 'self'",
  // The wasm backend compiles modules, and its threads load their script from a blob.
  "script-src 'self' 'wasm-unsafe-eval' blob:",
  "worker-src 'self' blob:",
  // Mantine and Recharts set style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "connect-src 'self' blob: data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
