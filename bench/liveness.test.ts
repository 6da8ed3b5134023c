/** The liveness minimum on logs small enough to add up by hand. */
import { describe, expect, it } from "vitest";
import { livenessMinimum, type BufferEvent } from "./liveness.ts";

const event = (kind: BufferEvent["kind"]) => (buffer: number, end: number, begin = 0): BufferEvent => ({ kind, buffer, begin, end });
const read = event("read");
const write = event("write");
const update = event("update");

describe("liveness minimum", () => {
  it("holds a value from its first write to its last read", () => {
    // 10 and 20 meet, then 20 and 40: the first is gone by then.
    const step = [write(1, 10), read(1, 10), write(2, 20), read(2, 20), write(3, 40), read(3, 40)];
    expect(livenessMinimum(step, step)).toBe(60);
  });

  it("counts a buffer that is used again as a new value", () => {
    // Buffer 1 is pooled: between its two lives, 100 bytes of buffer 2 come and go without it.
    const step = [write(1, 50), read(1, 50), write(2, 100), read(2, 100), write(3, 10), read(3, 10), write(1, 50), read(1, 50)];
    expect(livenessMinimum(step, step)).toBe(150);
    const once = [write(1, 50), read(1, 50), write(2, 100), read(2, 100), write(3, 10), read(1, 50)];
    expect(livenessMinimum(once, once)).toBe(160);
  });

  it("holds what the next step reads to the end, and what this one reads before writing from the start", () => {
    const weight = [read(1, 100), write(2, 10), read(2, 10), write(3, 30), read(3, 30)];
    expect(livenessMinimum(weight, weight)).toBe(140);
    expect(livenessMinimum(weight, [])).toBe(110);
  });

  it("takes a parameter that is stepped in place for one value, and one that is swapped for two", () => {
    const inPlace = [read(1, 100), write(2, 100), read(2, 100), update(1, 100)];
    expect(livenessMinimum(inPlace, inPlace)).toBe(200);
    // The step reads 1 and leaves the new value in 3; the next reads 3.
    const swapped = [read(1, 100), write(2, 100), read(2, 100), read(1, 100), write(3, 100)];
    expect(livenessMinimum(swapped, [read(3, 100), write(1, 100)])).toBe(300);
  });

  it("counts what was allocated and never used as nothing, and parts of a buffer each for itself", () => {
    const arena = [write(1, 100, 0), read(1, 100, 0), write(1, 150, 100), read(1, 150, 100), write(1, 100, 0), read(1, 100, 0)];
    expect(livenessMinimum(arena, arena)).toBe(150);
    // A concatenation is one value, written in two parts.
    const concatenation = [write(1, 100, 0), write(1, 150, 100), read(1, 150, 0)];
    expect(livenessMinimum(concatenation, concatenation)).toBe(150);
  });
});
