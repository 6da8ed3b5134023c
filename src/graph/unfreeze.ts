/** From a person's choice of layers to the parameters that learn: presets, glob patterns over group paths, and the blocks of an unknown model. */
import { GraftError } from "../core/errors.ts";
import type { LayerGroup } from "../core/layer-group.ts";
import { allGroups, groupsFrom, layerGroups, leavesOf } from "./layer-groups.ts";
import { isWithin } from "./paths.ts";
import { patternTest, suchAs } from "./patterns.ts";
import { isAdapter } from "./surgery/lora.ts";
import { headPath } from "./surgery/replace-head.ts";
import type { Graph } from "./types.ts";

export type Unfreeze = "head" | "last-block" | "all" | readonly string[];

/**
 * Names of the parameters that learn, weights and statistics. Within a pattern `*` is any one segment or part of one and `**` any
 * number of segments; a matched group counts with everything in it. The head and the adapters are new and are never frozen.
 * @param blocks Group paths of the family's blocks, in flow order. "last-block" is the last of them and all that follows; without a new head or adapters "head" is what follows.
 * @throws GraftError for a pattern that matches nothing, with the paths that come close.
 */
export function resolveUnfreeze(graph: Graph, unfreeze: Unfreeze, blocks: readonly string[]): ReadonlySet<string> {
  const isNew = (name: string): boolean => isWithin(name, headPath) || isAdapter(name);
  const select = (matches: (name: string) => boolean): ReadonlySet<string> =>
    new Set(graph.parameters.map(({ name }) => name).filter((name) => isNew(name) || matches(name)));
  if (unfreeze === "all") return select(() => true);
  // A head in the middle of the model leaves the blocks behind it out.
  const last = blocks.findLast((path) => graph.parameters.some(({ name }) => isWithin(name, path)));
  const paths = last === undefined ? [] : groupsFrom(graph, last);
  if (unfreeze === "last-block") return select((name) => paths.some((path) => isWithin(name, path)));
  if (unfreeze === "head") {
    const added = select(() => false);
    // A model that keeps its own output has nothing new: what follows its blocks is its head.
    return added.size > 0 || last === undefined ? added : select((name) => !isWithin(name, last) && paths.some((path) => isWithin(name, path)));
  }
  const tests = unfreeze.map((pattern) => testOf(graph, pattern));
  return select((name) => tests.some((test) => test(name)));
}

function testOf(graph: Graph, pattern: string): (name: string) => boolean {
  const test = patternTest(pattern);
  if (!graph.parameters.some(({ name }) => test(name))) {
    const paths = allGroups(layerGroups(graph)).map(({ path }) => path);
    throw new GraftError({ where: `unfreeze pattern "${pattern}"`, what: "no layer group matches", wanted: `"head", "last-block", "all" or patterns of group paths${suchAs(paths, pattern)}` });
  }
  return test;
}

/** A last block with less than this share of the parameters cannot learn much; it counts with the block before it. */
const minBlockShare = 0.05;

/**
 * The blocks of a model that no family describes, by its names: leaf groups in a row whose paths agree up to a number
 * (`block_16_expand`, `block_16_project`; `encoder/layer_3/…`) are one block, named by its first leaf. A block with more than half
 * of the parameters is split at the next number in the paths. Trailing blocks with too few parameters are left out, so that the
 * last one has something to learn with.
 */
export function defaultBlocks(graph: Graph): readonly string[] {
  const leaves = leavesOf(layerGroups(graph)).filter(({ path }) => !isWithin(path, headPath));
  const total = countOf(leaves);
  const blocks = blocksOf(leaves, 1, total / 2);
  let tail = countOf(blocks.at(-1) ?? []);
  while (blocks.length > 1 && tail < total * minBlockShare) {
    blocks.pop();
    tail += countOf(blocks.at(-1) ?? []);
  }
  return blocks.flatMap(([first]) => (first === undefined ? [] : [first.path]));
}

const countOf = (leaves: readonly LayerGroup[]): number => leaves.reduce((sum, { parameterCount }) => sum + parameterCount, 0);

/** Leaves in a row that agree up to their `numbers`th number; a run of more than `limit` parameters is divided further while its names allow it. */
function blocksOf(leaves: readonly LayerGroup[], numbers: number, limit: number): LayerGroup[][] {
  const pattern = new RegExp(`^(?:\\D*\\d+){${numbers}}`);
  const runs: { readonly stem: string; readonly leaves: LayerGroup[] }[] = [];
  for (const leaf of leaves) {
    const stem = pattern.exec(leaf.path)?.[0] ?? leaf.path;
    const current = runs.at(-1);
    if (current?.stem === stem) current.leaves.push(leaf);
    else runs.push({ stem, leaves: [leaf] });
  }
  return runs.flatMap((run) => {
    const divides = countOf(run.leaves) > limit && run.leaves.length > 1 && run.leaves.some(({ path }) => (path.match(/\d+/g)?.length ?? 0) > numbers);
    return divides ? blocksOf(run.leaves, numbers + 1, limit) : [run.leaves];
  });
}
