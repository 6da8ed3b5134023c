/** Interrupted at every single step, on the CPU and on wasm. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect } from "vitest";
import { useBackend } from "../engine/backend.ts";
import { describeResuming } from "./describe-resuming.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
  });

  describeResuming({ every: 1 });
});
