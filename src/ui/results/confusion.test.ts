/** The matrix at its edges: empty rows, corners, more classes than can be drawn; and that its numbers can be read. */
import { describe, expect, it } from "vitest";
import { cssVariables } from "../../app/theme.ts";
import { cellAfter, cellName, drawnClasses, heatOf } from "./confusion.ts";

describe("a confusion matrix", () => {
  it("heats by share of the row, and an empty row is cold", () => {
    expect([heatOf(0, 0), heatOf(0, 40), heatOf(10, 40), heatOf(40, 40)]).toEqual([0, 0, 0.5, 1]);
  });

  it("names a cell as one would say it", () => {
    expect(cellName(12, "cat", "dog")).toBe("12 cat predicted as dog");
  });

  it("arrow keys stop at the edges instead of running on into the next row", () => {
    expect(cellAfter("ArrowRight", { actual: 1, predicted: 2 }, 3)).toEqual({ actual: 1, predicted: 2 });
    expect(cellAfter("ArrowUp", { actual: 0, predicted: 1 }, 3)).toEqual({ actual: 0, predicted: 1 });
    expect(cellAfter("ArrowDown", { actual: 0, predicted: 1 }, 3)).toEqual({ actual: 1, predicted: 1 });
    expect(cellAfter("End", { actual: 1, predicted: 0 }, 3)).toEqual({ actual: 1, predicted: 2 });
    expect(cellAfter("Enter", { actual: 1, predicted: 0 }, 3)).toBeNull();
  });

  it("draws the most mistaken of too many classes, in their order", () => {
    const confusion = [
      [9, 0, 0, 1],
      [0, 9, 0, 0],
      [0, 0, 9, 0],
      [4, 0, 1, 5],
    ];
    expect(drawnClasses(confusion, 4)).toEqual([0, 1, 2, 3]);
    expect(drawnClasses(confusion, 3)).toEqual([0, 2, 3]);
  });
});

describe("heat under ink", () => {
  /** ConfusionMatrix.module.css mixes at most this much of either tint into the surface. */
  const mostTint = 0.5;
  const channels = (hex: string): number[] => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const luminance = (rgb: readonly number[]): number =>
    rgb.reduce((sum, value, index) => {
      const share = value / 255;
      return sum + (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4) * [0.2126, 0.7152, 0.0722][index]!;
    }, 0);
  const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

  it.each([
    { scheme: "light", tint: "--g-accent" },
    { scheme: "light", tint: "--g-danger-ink" },
    { scheme: "dark", tint: "--g-accent" },
    { scheme: "dark", tint: "--g-danger-ink" },
  ] as const)("meets AA at every heat of $tint in the $scheme scheme", ({ scheme, tint }) => {
    const tokens: Readonly<Record<string, string>> = cssVariables({} as never)[scheme];
    const token = (name: string): number[] => channels(tokens[name] ?? "");
    const [ink, hottest, surface] = [token("--g-ink"), token(tint), token("--g-surface")];
    for (let heat = 0; heat <= 1; heat += 0.05) {
      const mixed = surface.map((value, index) => value + (hottest[index]! - value) * heat * mostTint);
      expect(contrast(luminance(ink), luminance(mixed))).toBeGreaterThanOrEqual(4.5);
    }
  });
});
