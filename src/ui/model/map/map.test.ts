import { describe, expect, it } from "vitest";
import type { OutlineNode } from "../../../core/graph-outline.ts";
import { allPaths, branchesOf, fold, openedAtFirst } from "./fold.ts";
import { boxHeight, boxWidth, layoutOf, type MapLayout } from "./layout.ts";

function node(name: string, inputs: readonly number[], parameterCount = 0, layers: readonly string[] = []): OutlineNode {
  return { name, op: "add", detail: "", inputs, shape: `[?, ${name.length}]`, parameterCount, layers };
}

/** ids -> embedding -> two layers, each with a norm and a residual sum, -> head */
const outline: readonly OutlineNode[] = [
  node("ids", []),
  node("embedding", [0], 10, ["embedding"]),
  node("encoder/layer_0/norm", [1], 2, ["encoder/layer_0/norm"]),
  node("encoder/layer_0/sum", [1, 2]),
  node("encoder/layer_1/norm", [3], 2, ["encoder/layer_1/norm"]),
  node("encoder/layer_1/sum", [3, 4]),
  node("head/matmul", [5], 6, ["head"]),
  node("head/logits", [6], 1, ["head"]),
];

function overlaps({ boxes }: MapLayout): boolean {
  return boxes.some((a, i) => boxes.some((b, k) => i < k && Math.abs(a.x - b.x) < boxWidth && Math.abs(a.y - b.y) < boxHeight));
}

describe("folding", () => {
  const root = branchesOf(outline);

  it("has a group for each prefix of several nodes", () => {
    expect(allPaths(root)).toEqual(["encoder", "encoder/layer_0", "encoder/layer_1", "head"]);
  });

  it("shows a closed group as one box with all of its parameters and layers", () => {
    const { items, edges } = fold(outline, root, new Set());
    expect(items.map(({ label }) => label)).toEqual(["ids", "embedding", "encoder", "head"]);
    expect(items[2]).toMatchObject({ isGroup: true, kind: "4 nodes", parameterCount: 4, layers: ["encoder/layer_0/norm", "encoder/layer_1/norm"], shape: outline[5]?.shape });
    expect(edges.map(({ from, to }) => [from, to])).toEqual([[0, 1], [1, 2], [2, 3]]);
  });

  it("shows an open group's own groups, framed", () => {
    const { items, frames } = fold(outline, root, new Set(["encoder", "encoder/layer_1"]));
    expect(items.map(({ label }) => label)).toEqual(["ids", "embedding", "layer_0", "norm", "sum", "head"]);
    expect(frames.map(({ path, first, last }) => [path, first, last])).toEqual([["encoder", 2, 4], ["encoder/layer_1", 3, 4]]);
  });

  it("counts every parameter once, whatever is open", () => {
    for (const open of [new Set<string>(), openedAtFirst(root), new Set(allPaths(root))]) {
      expect(fold(outline, root, open).items.reduce((sum, { parameterCount }) => sum + parameterCount, 0)).toBe(21);
    }
  });

  it("opens at first what fits", () => {
    expect(openedAtFirst(root, 5)).toEqual(new Set());
    expect(openedAtFirst(root, 8)).toEqual(new Set(allPaths(root)));
  });

  it("puts a node with the name of a group into it", () => {
    const named = [node("a", []), node("a/b", [0]), node("a/c", [1])];
    expect(fold(named, branchesOf(named), new Set()).items).toHaveLength(1);
  });
});

describe("layout", () => {
  const root = branchesOf(outline);

  it("puts each box below all that it reads, and none upon another", () => {
    const map = fold(outline, root, new Set(allPaths(root)));
    const layout = layoutOf(map);
    for (const { from, to } of map.edges) expect(layout.boxes[to]?.y).toBeGreaterThan((layout.boxes[from]?.y ?? 0) + boxHeight);
    expect(overlaps(layout)).toBe(false);
    for (const { x, y } of layout.boxes) expect(x >= 0 && y >= 0 && x + boxWidth <= layout.width && y + boxHeight <= layout.height).toBe(true);
  });

  it("leads a line past boxes in a lane of its own", () => {
    const map = fold(outline, root, new Set(allPaths(root)));
    const { lines, boxes } = layoutOf(map);
    const skips = lines.filter(({ from, to }) => to - from > 1);
    expect(skips.map(({ from, to }) => [from, to])).toEqual([[1, 3], [3, 5]]);
    for (const { path } of skips) expect(Math.max(...(path.match(/[\d.]+/g) ?? []).map(Number))).toBeGreaterThan((boxes[0]?.x ?? 0) + boxWidth);
  });

  it("gives lines that pass the same boxes lanes of their own, and one lane to lines that follow each other", () => {
    const laneOf = (skips: readonly (readonly [number, number])[]): number[] => {
      const chain = Array.from({ length: 9 }, (_, i) => node(`n${i}`, [...new Set([...(i === 0 ? [] : [i - 1]), ...skips.flatMap(([from, to]) => (to === i ? [from] : []))])]));
      const { lines } = layoutOf(fold(chain, branchesOf(chain), new Set()));
      return skips.map(([from, to]) => Number(/L([\d.]+)/.exec(lines.find((line) => line.from === from && line.to === to)?.path ?? "")?.[1]));
    };
    const across = laneOf([[0, 4], [2, 6]]);
    expect(across[0]).not.toBe(across[1]);
    const apart = laneOf([[0, 4], [4, 8]]);
    expect(apart[0]).toBe(apart[1]);
  });

  it("ends where closed groups read each other", () => {
    const circle = [node("a/x", []), node("b/x", [0]), node("a/y", [1]), node("b/y", [2])];
    const map = fold(circle, branchesOf(circle), new Set());
    expect(map.edges.map(({ from, to }) => [from, to])).toEqual([[0, 1], [1, 0]]);
    const layout = layoutOf(map);
    expect(layout.lines).toHaveLength(2);
    expect(overlaps(layout)).toBe(false);
  });

  it("keeps a long model with branches narrow", () => {
    const blocks = Array.from({ length: 300 }, (_, i) => {
      const at = 1 + 4 * i;
      return [node(`b${i}/in`, [at - 1]), node(`b${i}/left`, [at]), node(`b${i}/right`, [at]), node(`b${i}/out`, [at - 1, at + 1, at + 2])];
    });
    const long = [node("x", []), ...blocks.flat()];
    const grown = branchesOf(long);
    expect(layoutOf(fold(long, grown, new Set(allPaths(grown)))).width).toBeLessThan(5 * boxWidth);
  });

  it("lays out 2,000 nodes with skips and a value that all read", () => {
    const many = Array.from({ length: 2000 }, (_, i) => node(`block_${Math.floor(i / 50)}/layer_${Math.floor(i / 5)}/node_${i}`, i === 0 ? [] : [...new Set([0, i - 1, Math.max(0, i - 7)])]));
    const grown = branchesOf(many);
    const map = fold(many, grown, new Set(allPaths(grown)));
    const layout = layoutOf(map);
    expect(map.items).toHaveLength(2000);
    expect(layout.boxes.map(({ y }) => y)).toEqual(layout.boxes.map(({ y }) => y).toSorted((a, b) => a - b));
    expect(layout.lines).toHaveLength(map.edges.length);
  });
});
