/** Column sums against TensorFlow.js on the CPU: every way the rows and columns are divided, and the same bits twice. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../../core/testing/to-be-all-close.ts";
import { memory, useBackend } from "../../backend.ts";
import { tf } from "../../tf.ts";
import { columnSum } from "./column-sum.ts";

describe("columnSum", () => {
  beforeAll(async () => {
    expect(await useBackend("webgpu", { wasmPath: "" })).toMatchObject({ backend: "webgpu" });
  });

  it.each([
    [1, 1],
    [5, 1],
    [3, 4],
    [1, 1280],
    [130, 7],
    [512, 36],
    [9000, 3],
    [5000, 96],
    [2049, 68],
    [300000, 1],
    [2, 70000],
  ])("%i rows of %i columns", async (rows, columns) => {
    const before = memory().tensors;
    const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 0.37) + (i % columns) / columns);
    const want = new Float64Array(columns);
    values.forEach((value, i) => (want[i % columns] = (want[i % columns] as number) + value));
    const x = tf.tensor2d(values, [rows, columns]);
    const sum = async (): Promise<number[]> => {
      const result = tf.tidy(() => columnSum(x));
      expect(result.shape).toEqual([columns]);
      const found = [...(await result.data())];
      result.dispose();
      return found;
    };
    const first = await sum();
    expect(first).toBeAllClose([...want], { rtol: 1e-5, atol: 1e-6 * rows });
    expect(await sum()).toEqual(first);
    x.dispose();
    expect(memory().tensors).toBe(before);
  });
});
