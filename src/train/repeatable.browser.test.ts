/** Same recipe and seed, same backend: the same losses and weights, bit for bit; and frozen means frozen there too. */
import { describe, expect, test } from "vitest";
import { memory, useBackend } from "../engine/backend.ts";
import { losses, network, runTraining } from "./testing/small-problem.ts";

describe.each(["webgpu", "wasm"] as const)("on %s", (backend) => {
  test("two runs give the same bits, another seed gives others, and nothing is left behind", { timeout: 120_000 }, async () => {
    expect((await useBackend(backend, { wasmPath: "/embedded/wasm/" })).backend).toBe(backend);
    const settings = { unfreeze: "all", epochs: 2, optimizer: "adamw", gradientAccumulation: 2 } as const;
    const before = memory().tensors;
    const first = await runTraining(settings);
    const second = await runTraining(settings);
    expect(losses(first).length).toBeGreaterThan(2);
    expect(losses(second)).toEqual(losses(first));
    expect(second.weights).toEqual(first.weights);
    for (const name of ["mean", "variance"]) expect(first.weights.get(`block_1/norm/${name}`)).not.toEqual(network().weights.get(`block_1/norm/${name}`));
    expect(losses(await runTraining({ ...settings, seed: 2 }))).not.toEqual(losses(first));
    expect(memory().tensors).toBe(before);
  });

  test("frozen weights and statistics keep every bit on the device", { timeout: 120_000 }, async () => {
    await useBackend(backend, { wasmPath: "/embedded/wasm/" });
    const original = network().weights;
    const { weights, frozenOnBackend } = await runTraining({ unfreeze: "head", epochs: 2 });
    const frozen = [...original.keys()].filter((name) => name.startsWith("block_1/"));
    expect(frozen).toHaveLength(5);
    for (const name of frozen) {
      expect(frozenOnBackend.get(name)).toEqual(original.get(name));
      expect(weights.get(name)).toEqual(original.get(name));
    }
    expect(weights.get("head/kernel")).not.toEqual(original.get("head/kernel"));
  });
});
