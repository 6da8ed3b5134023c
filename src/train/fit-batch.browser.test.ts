/** A batch that the device does not hold is found out by a step before the run, on WebGPU and wasm. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Rng } from "../core/rng.ts";
import { memory, useBackend } from "../engine/backend.ts";
import { asWasmBackend } from "../engine/kernels/wasm/heap.ts";
import { GraphModule } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import { webgpuBackend } from "../engine/webgpu/internals.ts";
import { parseRecipe } from "../protocol/recipe.ts";
import { classificationObjective } from "../tasks/classification/objective.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { initialWeights } from "../models/initial-weights.ts";
import { ActivationCache } from "./activations.ts";
import type { ExampleSource } from "./examples.ts";
import { fitMicroBatch } from "./fit-batch.ts";
import type { TrainingProblem } from "./loop.ts";

const width = 2048;
const recipe = parseRecipe({ task: "image-classification", model: "test", unfreeze: "all", batchSize: 32 });

/** Every example takes some 8 KB a layer. */
function problem(): TrainingProblem {
  const builder = new GraphBuilder();
  let x = builder.input("x", [null, width], "float32");
  for (let layer = 0; layer < 3; layer++) x = builder.add(`layer_${layer}`, "multiply", [x, builder.parameter(`scale_${layer}/kernel`, [width])], {});
  x = builder.add("logits", "matMul", [x, builder.parameter("head/kernel", [width, 2])], { transposeA: false, transposeB: false });
  const graph = builder.build([x]);
  const module = new GraphModule({ graph, weights: initialWeights(graph, new Rng(1), () => 1) }, new Set(graph.parameters.map(({ name }) => name)));
  const source: ExampleSource = {
    inputName: "x",
    dtype: "float32",
    augmentedViews: 0,
    bucket: () => 0,
    encode: (example) => Promise.resolve({ data: new Float32Array(width).fill(example), shape: [width] }),
    targetDtype: "int32",
    target: (example) => ({ data: Int32Array.of(example % 2), shape: [] }),
  };
  const train = Array.from({ length: 40 }, (_, i) => i);
  return { module, source, cache: new ActivationCache(module, source, { enabled: false }), objective: classificationObjective(recipe, [20, 20]), train, validation: train, microBatchSize: 32, learningRateScale: () => 1 };
}

/** Makes the device smaller: allocations larger than `largest` bytes fail. Each function returns what undoes it. */
const shrink = {
  webgpu(largest: number) {
    const { device } = webgpuBackend();
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      if (descriptor.size <= largest) return create(descriptor);
      // The device refuses an impossible size in its own words; for the backend it is the buffer that it asked for.
      const refused = create({ ...descriptor, size: device.limits.maxBufferSize + 4, mappedAtCreation: false });
      return Object.defineProperty(refused, "size", { value: descriptor.size });
    };
    return () => Reflect.deleteProperty(device, "createBuffer");
  },
  wasm(largest: number) {
    const { wasm } = asWasmBackend(tf.backend());
    const allocate = wasm._malloc.bind(wasm);
    wasm._malloc = (bytes) => {
      if (bytes > largest) throw new RangeError(`WebAssembly has no ${bytes} bytes left`);
      return allocate(bytes);
    };
    return () => (wasm._malloc = allocate);
  },
};

describe.each(["webgpu", "wasm"] as const)("on %s", (backend) => {
  let undo: () => unknown = () => undefined;
  beforeEach(async () => {
    await useBackend(backend, { wasmPath: "/embedded/wasm/" });
  });
  afterEach(() => undo());

  test("a batch that fits is left as it is; one that does not is halved until it does; nothing changes or is left behind", { timeout: 60_000 }, async () => {
    const before = memory();
    const made = problem();
    const weights = await made.module.weights();
    expect(await fitMicroBatch(made, recipe)).toBe(32);
    // A batch of 8 needs 64 KB for each layer.
    undo = shrink[backend](9 * width * 4);
    const fitted = await fitMicroBatch(made, recipe);
    undo();
    expect(fitted).toBe(8);
    expect(await made.module.weights()).toEqual(weights);
    made.module.dispose();
    expect(memory().tensors).toBe(before.tensors);
  });

  test("where not even one example fits, a sentence says so", async () => {
    const made = problem();
    undo = shrink[backend](width * 2);
    const small = fitMicroBatch(made, recipe);
    await expect(small).rejects.toThrow(/a training step with a single example does not fit.*Unfreeze fewer layers/s);
  });
});
