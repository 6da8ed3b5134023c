/** Which rows are in sight, and where the cut is drawn. */
import { describe, expect, it } from "vitest";
import type { LayerGroup } from "../../core/layer-group.ts";
import { initiallyExpanded, visibleRows } from "./layer-rows.ts";

function group(path: string, parameterCount: number, children: readonly LayerGroup[] = []): LayerGroup {
  return { path, name: path.split("/").at(-1) ?? path, parameterCount, detail: "", children };
}
const tree = [group("trunk", 60, [group("trunk/a", 20), group("trunk/b", 40, [group("trunk/b/x", 10), group("trunk/b/y", 30)])]), group("head", 5)];
const sight = (expanded: readonly string[], trainable: readonly string[]) =>
  visibleRows(tree, new Set(expanded), new Set(trainable)).map(({ group: { path }, level, belowCut }) => `${belowCut ? "cut|" : ""}${level} ${path}`);

describe("rows of layers", () => {
  it("show children only where opened", () => {
    expect(sight([], ["head"])).toEqual(["1 trunk", "cut|1 head"]);
    expect(sight(["trunk"], ["head"])).toEqual(["1 trunk", "2 trunk/a", "2 trunk/b", "cut|1 head"]);
  });

  it("draw the cut at the first row that learns, as far as one can see", () => {
    expect(sight(["trunk"], ["trunk/b/y", "head"])).toEqual(["1 trunk", "2 trunk/a", "cut|2 trunk/b", "1 head"]);
    expect(sight(["trunk", "trunk/b"], ["trunk/b/y", "head"])).toEqual(["1 trunk", "2 trunk/a", "2 trunk/b", "3 trunk/b/x", "cut|3 trunk/b/y", "1 head"]);
    expect(sight([], ["trunk/a", "trunk/b/x", "trunk/b/y", "head"])).toEqual(["1 trunk", "1 head"]);
  });

  it("open a lone trunk at first", () => {
    expect([...initiallyExpanded(tree)]).toEqual(["trunk"]);
    expect([...initiallyExpanded([group("a", 1), group("b", 2), group("head", 1)])]).toEqual([]);
  });
});
