/** The liveness minimum on logs small enough to add up by hand. */
import { describe, expect, it } from "vitest";
import { livenessMinimum, type BufferEvent } from "./liveness.ts";

type Touch = Omit<BufferEvent, "at">;
const touch = (kind: Touch["kind"]) => (buffer: number, end: number, begin = 0): Touch => ({ kind, buffer, begin, end });
const read = touch("read");
const write = touch("write");
const update = touch("update");
const log = (...dispatches: readonly (readonly Touch[])[]): BufferEvent[] => dispatches.flatMap((touches, at) => touches.map((event) => ({ ...event, at })));

describe("liveness minimum", () => {
  it("holds a value from its first write to its last read", () => {
    // 10 and 20 meet, then 20 and 40: the first is gone by then.
    const step = log([write(1, 10)], [read(1, 10), write(2, 20)], [read(2, 20), write(3, 40)], [read(3, 40)]);
    expect(livenessMinimum(step, step)).toBe(60);
  });

  it("counts a buffer that is used again as a new value", () => {
    // Buffer 1 is pooled: between its two lives, 110 bytes of others meet without it.
    const twice = log([write(1, 50)], [read(1, 50), write(2, 100)], [read(2, 100), write(3, 10)], [read(3, 10), write(1, 50)], [read(1, 50)]);
    expect(livenessMinimum(twice, twice)).toBe(150);
    const once = log([write(1, 50)], [read(1, 50), write(2, 100)], [read(2, 100), write(3, 10)], [read(3, 10), read(1, 50)]);
    expect(livenessMinimum(once, once)).toBe(160);
  });

  it("holds what the next step reads to the end, and what this one reads before writing from the start", () => {
    const weight = log([read(1, 100), write(2, 10)], [read(2, 10), write(3, 30)], [read(3, 30)]);
    expect(livenessMinimum(weight, weight)).toBe(140);
    expect(livenessMinimum(weight, [])).toBe(110);
  });

  it("takes a parameter that is stepped in place for one value, and one that is swapped for two", () => {
    const inPlace = log([read(1, 100), write(2, 100)], [read(2, 100), update(1, 100)]);
    expect(livenessMinimum(inPlace, inPlace)).toBe(200);
    const swapped = log([read(1, 100), write(2, 100)], [read(2, 100), read(1, 100), write(3, 100)]);
    expect(livenessMinimum(swapped, log([read(3, 100), write(2, 100)], [read(2, 100), read(3, 100), write(1, 100)]))).toBe(300);
  });

  it("counts each part of a buffer for itself", () => {
    const arena = log([write(1, 100)], [read(1, 100), write(1, 150, 100)], [read(1, 150, 100), write(1, 80)], [read(1, 80)]);
    expect(livenessMinimum(arena, arena)).toBe(150);
    const concatenation = log([write(1, 100)], [write(1, 150, 100)], [read(1, 150)]);
    expect(livenessMinimum(concatenation, concatenation)).toBe(150);
  });
});
