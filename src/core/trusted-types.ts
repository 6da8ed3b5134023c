/**
 * What strings may become script or markup, where the content policy demands trusted types: no string becomes code, none becomes
 * an element, and a worker's script comes from the few places that ours come from. Without that demand (another host's policy, Vite's
 * server of sources, a browser that does not know trusted types) nothing is asked here.
 */

/** What TypeScript's DOM library does not declare, as far as it is used here. Null refuses. */
interface Policy {
  readonly createHTML: (markup: string) => string | null;
  readonly createScriptURL: (address: string) => string | null;
}

/** `own`: files beside the page. `blob`: what this very tab made, which is how the wasm backend starts its threads. */
export type ScriptSource = "own" | "blob";

export function policyFor(source: ScriptSource, base: string): Policy {
  const { origin } = new URL(base);
  return {
    // Mantine writes style sheets through innerHTML; without this sign no markup makes an element.
    createHTML: (markup) => (markup.includes("<") ? null : markup),
    createScriptURL: (address) => {
      const { origin: from, protocol } = new URL(address, base);
      return from === origin && (protocol === "blob:") === (source === "blob") ? address : null;
    },
  };
}

/** Once for each page and worker, before either makes an element or a worker. */
export function demandTrustedTypes(source: ScriptSource): void {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: { readonly createPolicy: (name: "default", policy: Policy) => unknown } };
  trustedTypes?.createPolicy("default", policyFor(source, globalThis.location.href));
}
