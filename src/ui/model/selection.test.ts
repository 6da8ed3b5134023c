/** Choosing layers on a small tree with a leaf that has no parameters and a nested group. */
import { describe, expect, it } from "vitest";
import type { LayerGroup } from "../../core/layer-group.ts";
import { fromHere, learnable, learningOf, toPatterns, trainableCount, withGroup } from "./selection.ts";

function group(path: string, parameterCount: number, children: readonly LayerGroup[] = []): LayerGroup {
  return { path, name: path.split("/").at(-1) ?? path, parameterCount, detail: "", children };
}

const stem = group("stem", 10);
const pool = group("body/pool", 0);
const expand = group("body/block/expand", 20);
const project = group("body/block/project", 30);
const block = group("body/block", 50, [expand, project]);
const body = group("body", 50, [pool, block]);
const head = group("head", 5);
const tree = [stem, body, head];

describe("choosing layers", () => {
  it("leaves without parameters are never chosen", () => {
    expect(learnable(tree)).toEqual(["stem", "body/block/expand", "body/block/project", "head"]);
  });

  it("a group is learning in full, in part, or not", () => {
    expect(learningOf(body, new Set(["body/block/expand", "body/block/project"]))).toBe("all");
    expect(learningOf(body, new Set(["body/block/project", "head"]))).toBe("some");
    expect(learningOf(body, new Set(["head"]))).toBe("none");
    expect(trainableCount(body, new Set(["body/block/project", "head"]))).toBe(30);
  });

  it("unfreezing a group and freezing one leaf of it leaves the rest", () => {
    const opened = withGroup(new Set(["head"]), body, true);
    expect(toPatterns(tree, opened)).toEqual(["body", "head"]);
    expect(toPatterns(tree, withGroup(opened, expand, false))).toEqual(["body/block/project", "head"]);
  });

  it("names no adapters: they learn without being asked for, and may be gone the next time", () => {
    const query = group("q", 44, [group("q/kernel", 40), group("q/lora_A", 2), group("q/lora_B", 2)]);
    const adapters = ["q/lora_A", "q/lora_B", "head"];
    expect(toPatterns([query, head], new Set(adapters))).toEqual(["head"]);
    expect(toPatterns([query, head], withGroup(new Set(adapters), query, true))).toEqual(["q", "head"]);
  });

  it("from here to the end freezes what comes before", () => {
    expect([...fromHere(tree, project)]).toEqual(["body/block/project", "head"]);
    expect(toPatterns(tree, fromHere(tree, stem))).toEqual(["stem", "body", "head"]);
  });
});
