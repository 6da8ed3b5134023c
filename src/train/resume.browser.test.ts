/** A run goes on from its checkpoints in the browser: on WebGPU, where the step is captured and replayed, and on wasm. */
import { beforeAll, describe, expect } from "vitest";
import { useBackend } from "../engine/backend.ts";
import { describeResuming } from "./describe-resuming.ts";

describe.each([
  { backend: "webgpu", every: 2 },
  { backend: "wasm", every: 4 },
] as const)("on $backend", ({ backend, every }) => {
  beforeAll(async () => {
    expect(await useBackend(backend, { wasmPath: "/embedded/wasm/" })).toMatchObject({ backend });
  });

  describeResuming({ every });
});
