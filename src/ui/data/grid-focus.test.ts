/** Ten cells in lines of four: the edges are where it goes wrong. */
import { expect, it } from "vitest";
import { targetIndex } from "./grid-focus.ts";

it("moves within the grid and stays at its edges", () => {
  const from5 = (key: string) => targetIndex(key, 5, 4, 10);
  expect(["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End"].map(from5)).toEqual([6, 4, 9, 1, 0, 9]);
  expect(targetIndex("ArrowDown", 7, 4, 10)).toBe(7);
  expect(targetIndex("ArrowUp", 2, 4, 10)).toBe(2);
  expect(targetIndex("ArrowRight", 9, 4, 10)).toBe(9);
  expect(targetIndex("Enter", 5, 4, 10)).toBeNull();
});
