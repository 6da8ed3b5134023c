/** Windows of tokens, counted by hand. */
import { expect, test } from "vitest";
import { IGNORED_LABEL } from "../../engine/losses.ts";
import { inputOf, packedWhole, targetOf, windowsOf } from "./windows.ts";

const all = (...ids: number[]): { ids: number[]; learned: boolean[] } => ({ ids, learned: ids.map(() => true) });

test("each token's target is the one after it, across windows too; what is not learned does not count", () => {
  expect(windowsOf(all(9, 1, 2, 3, 4), 3)).toEqual([
    { ids: [9, 1, 2], targets: [1, 2, 3], counted: 3 },
    { ids: [3], targets: [4], counted: 1 },
  ]);
  const [half, ...none] = windowsOf({ ids: [9, 1, 2, 3], learned: [false, false, true, true] }, 4);
  expect(half).toEqual({ ids: [9, 1, 2], targets: [IGNORED_LABEL, 2, 3], counted: 2 });
  expect(none).toEqual([]);
  expect(windowsOf({ ids: [9, 1], learned: [false, false] }, 4)).toEqual([]);
});

test("documents that fit stay whole, and padding is ignored", () => {
  expect(packedWhole([all(1, 2, 3), all(4, 5, 6)], 4).map(({ ids }) => ids)).toEqual([[1, 2], [4, 5]]);
  const window = { ids: [7, 8], targets: [8, 6], counted: 2 };
  expect([...inputOf(window, 8, 0).data]).toEqual([7, 8, 0, 0, 0, 0, 0, 0]);
  expect([...targetOf(window, 8).data].slice(0, 3)).toEqual([8, 6, IGNORED_LABEL]);
});
