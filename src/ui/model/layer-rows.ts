/** The tree of layers as the rows that are in sight, in flow order. Pure. */
import type { LayerGroup } from "../../core/layer-group.ts";
import { learnable, learningOf, type Learning } from "./selection.ts";

export interface LayerRow {
  readonly group: LayerGroup;
  /** 1-based depth. */
  readonly level: number;
  readonly expanded: boolean | null;
  readonly learning: Learning;
  /** Whether the cut runs just above this row: everything before it is frozen, something in it learns. */
  readonly belowCut: boolean;
}

export function visibleRows(groups: readonly LayerGroup[], expanded: ReadonlySet<string>, trainable: ReadonlySet<string>): readonly LayerRow[] {
  const rows: LayerRow[] = [];
  const visit = (level: number, siblings: readonly LayerGroup[]): void => {
    for (const group of siblings) {
      const open = group.children.length === 0 ? null : expanded.has(group.path);
      rows.push({ group, level, expanded: open, learning: learningOf(group, trainable), belowCut: false });
      if (open) visit(level + 1, group.children);
    }
  };
  visit(1, groups);
  const cut = rows.findIndex(({ learning, expanded: open }) => learning === "all" || (learning === "some" && open !== true));
  return rows.map((row, index) => (index === cut && index > 0 ? { ...row, belowCut: true } : row));
}

/** Opened at first: a single trunk that would hide everything, and the way to a lone child. */
export function initiallyExpanded(groups: readonly LayerGroup[]): ReadonlySet<string> {
  const open = new Set<string>();
  const parents = groups.filter(({ children }) => children.length > 0);
  for (let level: readonly LayerGroup[] = parents.length <= 2 ? parents : []; level.length > 0; ) {
    for (const group of level) open.add(group.path);
    level = level.flatMap(({ children }) => (children.length === 1 ? children.filter((child) => child.children.length > 0) : []));
  }
  return open;
}

/** Groups without parameters are only steps of the computation: nothing to freeze. */
export function hasParameters(group: LayerGroup): boolean {
  return learnable([group]).length > 0;
}
