import { describe, expect, it } from "vitest";
import { compareAllClose } from "./to-be-all-close.ts";

describe("toBeAllClose", () => {
  it("accepts what is within the tolerance and names the worst of what is not", () => {
    expect([1, 2.00001]).toBeAllClose([1, 2], { rtol: 1e-4 });
    const { pass, message } = compareAllClose({ shape: [2, 2], values: [1, 2, 3.5, 4.1] }, { shape: [2, 2], values: [1, 2, 3, 4] });
    expect(pass).toBe(false);
    expect(message).toContain("2 of 4");
    expect(message).toContain("Worst at [1, 0]: got 3.5, want 3");
  });

  it("does not take NaN for close, nor another shape for the same", () => {
    expect(compareAllClose([NaN, 1], [0, 1]).message).toContain("NaN: 1");
    expect(compareAllClose({ shape: [2, 1], values: [1, 2] }, { shape: [1, 2], values: [1, 2] }).pass).toBe(false);
    expect(compareAllClose([1], [1, 2]).pass).toBe(false);
    expect(compareAllClose([Infinity, -Infinity], [Infinity, -Infinity]).pass).toBe(true);
    expect(compareAllClose([Infinity], [1]).pass).toBe(false);
  });
});
