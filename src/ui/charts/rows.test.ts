/** Merging curves on one axis, and what a table shows of them. */
import { describe, expect, it } from "vitest";
import { axisTicks, chartRows, tableRows, tickFormat } from "./rows.ts";

const at = (step: number, value: number) => ({ step, epoch: step / 4, value });

describe("chart rows", () => {
  it("merge lines of different density, in order", () => {
    const lines = { raw: [at(1, 9), at(3, 8), at(4, 7)], main: [at(4, 7.5)], validation: [at(2, 6), at(4, 5)] };
    expect(chartRows(lines, "step")).toEqual([{ x: 1, raw: 9 }, { x: 2, validation: 6 }, { x: 3, raw: 8 }, { x: 4, raw: 7, main: 7.5, validation: 5 }]);
    expect(chartRows(lines, "epoch").map(({ x }) => x)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it("stand on an axis with round places", () => {
    expect(axisTicks(441)).toEqual([0, 100, 200, 300, 400]);
    expect(axisTicks(20)).toEqual([0, 5, 10, 15, 20]);
    expect(axisTicks(3)).toEqual([0, 1, 2, 3]);
    expect(axisTicks(98_000)).toEqual([0, 20_000, 40_000, 60_000, 80_000]);
  });

  it("name an axis' places in one notation, short enough to stand beside it", () => {
    expect([0, 0.00005, 0.0001, 0.00015, 0.0002].map(tickFormat(0.0002))).toEqual(["0", "5e-5", "1e-4", "1.5e-4", "2e-4"]);
    expect([0, 0.00025, 0.0005, 0.00075, 0.001].map(tickFormat(0.001))).toEqual(["0", "0.00025", "0.0005", "0.00075", "0.001"]);
    expect([0, 0.65, 1.3].map(tickFormat(2.6))).toEqual(["0", "0.65", "1.3"]);
    expect([0, 900, 1800].map(tickFormat(3600))).toEqual(["0", "900", "1,800"]);
  });

  it("become a table of what was validated, first and last included", () => {
    const rows = chartRows({ main: Array.from({ length: 100 }, (_, i) => at(i + 1, i)), validation: [at(20, 1), at(40, 2)] }, "step");
    expect(tableRows(rows, 10).map(({ x }) => x)).toEqual([20, 40]);
    const few = tableRows(
      rows.map(({ x, main }) => ({ x, main })),
      10,
    );
    expect(few).toHaveLength(10);
    expect([few[0]?.x, few.at(-1)?.x]).toEqual([1, 100]);
  });
});
