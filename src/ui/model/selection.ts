/**
 * Which layers learn, as sets over the tree of layer groups. The tree shows a set of leaf paths; the recipe names the
 * fewest groups that cover it. Pure, so that a click shows at once, before the worker has answered.
 */
import { isAdapterGroup, type LayerGroup } from "../../core/layer-group.ts";

export type Learning = "all" | "some" | "none";

/** The leaves at and under the groups, in flow order. */
export function leavesOf(groups: readonly LayerGroup[]): readonly LayerGroup[] {
  return groups.flatMap((group) => (group.children.length === 0 ? [group] : leavesOf(group.children)));
}

/** Leaves without parameters (an activation, a pool) have nothing to learn and are left out of every choice. */
export function learnable(groups: readonly LayerGroup[]): readonly string[] {
  return leavesOf(groups)
    .filter((leaf) => leaf.parameterCount > 0)
    .map((leaf) => leaf.path);
}

export function learningOf(group: LayerGroup, trainable: ReadonlySet<string>): Learning {
  const paths = learnable([group]);
  const count = paths.filter((path) => trainable.has(path)).length;
  return count === 0 ? "none" : count === paths.length ? "all" : "some";
}

/** How many of a group's parameters learn. */
export function trainableCount(group: LayerGroup, trainable: ReadonlySet<string>): number {
  return leavesOf([group]).reduce((sum, leaf) => sum + (trainable.has(leaf.path) ? leaf.parameterCount : 0), 0);
}

/** The set after a group has been frozen or unfrozen. */
export function withGroup(trainable: ReadonlySet<string>, group: LayerGroup, learns: boolean): ReadonlySet<string> {
  const next = new Set(trainable);
  for (const path of learnable([group])) {
    if (learns) next.add(path);
    else next.delete(path);
  }
  return next;
}

/** Everything from the group's first leaf to the end of the model learns; what comes before it is frozen. */
export function fromHere(groups: readonly LayerGroup[], group: LayerGroup): ReadonlySet<string> {
  const all = learnable(groups);
  const first = learnable([group])[0];
  const start = first === undefined ? all.length : all.indexOf(first);
  return new Set(all.slice(start));
}

/** The fewest group paths that name exactly the set, in flow order: the recipe's `unfreeze`. Adapters need no name, and may go away. */
export function toPatterns(groups: readonly LayerGroup[], trainable: ReadonlySet<string>): string[] {
  return groups.flatMap((group) => {
    const learning = learningOf(group, trainable);
    if (learning === "none" || learnable([group]).length === 0 || isAdapterGroup(group.path)) return [];
    return learning === "all" ? [group.path] : toPatterns(group.children, trainable);
  });
}
