import { expect, test } from "vitest";
import { whatOpens } from "./what-opens.ts";

const nothing = { data: null, newestResult: null, interrupted: null };

test("what a project brings back is said for each state that it can be in", () => {
  expect(whatOpens({ ...nothing, data: "birds.csv", newestResult: "Run 3" })).toBe("Opens birds.csv, your settings as you left them and the results of Run 3.");
  expect(whatOpens({ ...nothing, data: "birds.csv" })).toBe("Opens birds.csv and your settings as you left them.");
  expect(whatOpens({ ...nothing, newestResult: "Run 3" })).toBe("Opens its runs and the results of Run 3.");
  expect(whatOpens(nothing)).toBe("Opens its runs.");
  expect(whatOpens({ ...nothing, data: "birds.csv", interrupted: { run: 2, name: "Run 2" } })).toBe("Run 2 was interrupted: resume it from its last checkpoint, or only open the project. Opens birds.csv and your settings as you left them.");
});
