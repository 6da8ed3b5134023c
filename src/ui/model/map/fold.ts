/** The graph's nodes as the things in sight on the layer map: closed groups stand for all that is in them. Pure. */
import type { OutlineNode } from "../../../core/graph-outline.ts";

/** A name prefix that several nodes share. */
export interface Branch {
  readonly path: string;
  /** The path below the group that shows it. */
  readonly label: string;
  readonly children: readonly (Branch | Leaf)[];
  /** Positions in the outline of all nodes within, in flow order. */
  readonly members: readonly number[];
}
interface Leaf {
  readonly label: string;
  readonly members: readonly [number];
}

/** One box of the map, one row of the table. */
export interface MapItem {
  /** The group's path or the node's name. */
  readonly id: string;
  readonly label: string;
  /** What it is: an op, or how many nodes a closed group has. */
  readonly kind: string;
  readonly detail: string;
  readonly isGroup: boolean;
  /** Of its last node: what flows out of it. */
  readonly shape: string;
  readonly parameterCount: number;
  readonly layers: readonly string[];
  readonly members: readonly number[];
  /** Open groups around it. */
  readonly level: number;
}

/** An open group: the items within are `first` .. `last` of the list, both included. */
export interface MapFrame {
  readonly path: string;
  readonly label: string;
  readonly level: number;
  readonly first: number;
  readonly last: number;
  readonly parameterCount: number;
  readonly layers: readonly string[];
}

export interface FoldedMap {
  readonly items: readonly MapItem[];
  /** Outer ones first. */
  readonly frames: readonly MapFrame[];
  /** Positions of items; `shape` is that of what flows. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly shape: string }[];
}

interface Growing {
  readonly path: string;
  readonly groups: Map<string, Growing>;
  readonly nodes: number[];
}

/** The tree of name prefixes. A group with a single thing in it is that thing. */
export function branchesOf(outline: readonly OutlineNode[]): Branch {
  const root: Growing = { path: "", groups: new Map(), nodes: [] };
  const prefixes = new Set(outline.flatMap(({ name }) => name.split("/").map((_, i, segments) => segments.slice(0, i).join("/"))));
  outline.forEach(({ name }, position) => {
    // A node with the name of a group belongs into it.
    const segments = prefixes.has(name) ? name.split("/") : name.split("/").slice(0, -1);
    let group = root;
    segments.forEach((segment, i) => {
      const next = group.groups.get(segment) ?? { path: segments.slice(0, i + 1).join("/"), groups: new Map<string, Growing>(), nodes: [] };
      group.groups.set(segment, next);
      group = next;
    });
    group.nodes.push(position);
  });
  const below = (name: string, path: string): string => (path !== "" && name.startsWith(`${path}/`) ? name.slice(path.length + 1) : name);
  const grow = (group: Growing, shownIn: string): Branch | Leaf => {
    const [only] = group.groups.values();
    if (only !== undefined && group.groups.size === 1 && group.nodes.length === 0 && group !== root) return grow(only, shownIn);
    const [node] = group.nodes;
    if (node !== undefined && group.nodes.length === 1 && group.groups.size === 0 && group !== root) return { label: below((outline[node] as OutlineNode).name, shownIn), members: [node] };
    const leaves = group.nodes.map((position): Leaf => ({ label: below((outline[position] as OutlineNode).name, group.path), members: [position] }));
    const children = [...leaves, ...[...group.groups.values()].map((child) => grow(child, group.path))].sort((a, b) => a.members[0] - b.members[0]);
    const members = children.flatMap((child) => [...child.members]).sort((a, b) => a - b) as [number, ...number[]];
    return { path: group.path, label: below(group.path, shownIn), children, members };
  };
  return grow(root, "") as Branch;
}

function isBranch(child: Branch | { readonly members: readonly number[] }): child is Branch {
  return "children" in child;
}

/** The paths of every group. */
export function allPaths(branch: Branch): readonly string[] {
  return branch.children.flatMap((child) => (isBranch(child) ? [child.path, ...allPaths(child)] : []));
}

/** Opened at first: level by level, as long as what is in sight stays below `most`. */
export function openedAtFirst(root: Branch, most = 24): ReadonlySet<string> {
  const open = new Set<string>();
  let shown = root.children.length;
  for (let level = root.children.filter(isBranch); level.length > 0; level = level.flatMap((branch) => branch.children.filter(isBranch))) {
    shown += level.reduce((sum, { children }) => sum + children.length - 1, 0);
    if (shown > most) break;
    for (const { path } of level) open.add(path);
  }
  return open;
}

export function fold(outline: readonly OutlineNode[], root: Branch, open: ReadonlySet<string>): FoldedMap {
  const items: MapItem[] = [];
  const frames: MapFrame[] = [];
  const itemOf = new Map<number, number>();
  const sum = (members: readonly number[]): { readonly parameterCount: number; readonly layers: readonly string[] } => {
    const nodes = members.map((position) => outline[position] as OutlineNode);
    return { parameterCount: nodes.reduce((total, node) => total + node.parameterCount, 0), layers: [...new Set(nodes.flatMap(({ layers }) => layers))] };
  };
  const visit = (child: Branch | Leaf, level: number): void => {
    const last = outline[child.members.at(-1) as number] as OutlineNode;
    if (isBranch(child) && open.has(child.path)) {
      const position = frames.push({ path: child.path, label: child.label, level, first: items.length, last: items.length, ...sum(child.members) }) - 1;
      for (const each of child.children) visit(each, level + 1);
      frames[position] = { ...(frames[position] as MapFrame), last: items.length - 1 };
      return;
    }
    for (const member of child.members) itemOf.set(member, items.length);
    const group = isBranch(child);
    items.push({ id: group ? child.path : last.name, label: child.label, kind: group ? `${child.members.length} nodes` : last.op, detail: group ? "" : last.detail, isGroup: group, shape: last.shape, members: child.members, level, ...sum(child.members) });
  };
  for (const child of root.children) visit(child, 0);

  const edges = new Map<string, FoldedMap["edges"][number]>();
  outline.forEach(({ inputs }, position) => {
    const to = itemOf.get(position) as number;
    for (const input of inputs) {
      const from = itemOf.get(input) as number;
      if (from !== to && !edges.has(`${from} ${to}`)) edges.set(`${from} ${to}`, { from, to, shape: (outline[input] as OutlineNode).shape });
    }
  });
  return { items, frames, edges: [...edges.values()] };
}
