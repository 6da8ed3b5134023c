/** Formats at their edges: where a unit changes and where rounding would lie. */
import { describe, expect, it } from "vitest";
import { formatBytes, formatCompact, formatDuration, formatPlural, formatShare } from "./format.ts";

describe("numbers for people", () => {
  it("counts in compact form change unit where rounding would reach 1000", () => {
    expect([0, 999, 1000, 12_345, 999_499, 999_500, 1_530_000, 2_400_000_000].map(formatCompact)).toEqual(["0", "999", "1 k", "12.3 k", "999 k", "1 M", "1.53 M", "2.4 G"]);
  });

  it("bytes are decimal", () => {
    expect([640, 4_710_000, 27_400_000_000].map(formatBytes)).toEqual(["640 B", "4.71 MB", "27.4 GB"]);
  });

  it("a share is 0% or 100% only when it is exactly that", () => {
    expect([0, 0.0004, 0.0042, 0.374, 0.9961, 0.9999, 1].map(formatShare)).toEqual(["0%", "<0.1%", "0.4%", "37%", "99.6%", ">99.9%", "100%"]);
  });

  it("plurals and durations", () => {
    expect(formatPlural(1, "class", "classes")).toBe("1 class");
    expect(formatPlural(1200, "image")).toBe("1,200 images");
    expect([0.4, 59.6, 185, 4330].map(formatDuration)).toEqual(["0 s", "1 min 0 s", "3 min 5 s", "1 h 12 min"]);
  });
});
