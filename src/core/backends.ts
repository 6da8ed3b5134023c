/** Where tensors can live, best first: what the recipe may name and the engine may start. */
export const backendNames = ["webgpu", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];
