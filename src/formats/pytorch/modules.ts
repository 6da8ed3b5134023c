/**
 * Divides a graph among the modules of its branches: what each computes, from which values, in an order in which whole modules can
 * be called. A module that something else would have to be computed in the middle of is not called; its parent computes its nodes.
 */
import type { GraphNode } from "../../graph/types.ts";
import { type Branch, callable, isInside } from "./branches.ts";

export type Step = { readonly kind: "node"; readonly node: GraphNode } | { readonly kind: "call"; readonly module: ModulePlan };

export interface ModulePlan {
  readonly branch: Branch;
  /** Names of values: what it takes, computed elsewhere or parameters of others, and what others take of it. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly steps: readonly Step[];
}

export interface Division {
  readonly nodes: readonly GraphNode[];
  readonly owners: ReadonlyMap<string, Branch>;
  /** Of parameters. */
  readonly holders: ReadonlyMap<string, Branch>;
  /** Values that are written where they are read, and are no module's input. */
  readonly inline: ReadonlySet<string>;
  /** What is read from outside of all nodes. */
  readonly outputs: readonly string[];
}

interface Cluster {
  /** null: a node by itself. */
  readonly branch: Branch | null;
  readonly nodes: GraphNode[];
}

/** One cluster for each branch and one for each other node, by their first nodes. */
function clustersOf(nodes: readonly GraphNode[], branches: readonly Branch[], owners: Division["owners"]): readonly Cluster[] {
  const byBranch = new Map<Branch, Cluster>();
  const clusters: Cluster[] = [];
  const candidates = new Set(branches);
  for (const node of nodes) {
    let branch: Branch | null = owners.get(node.name) ?? null;
    while (branch !== null && !candidates.has(branch)) branch = branch.parent;
    const known = branch && byBranch.get(branch);
    if (known) {
      known.nodes.push(node);
      continue;
    }
    const cluster: Cluster = { branch, nodes: [node] };
    if (branch) byBranch.set(branch, cluster);
    clusters.push(cluster);
  }
  return clusters;
}

/** The clusters, each after those that it reads; those in a loop, and those after it, are left over. */
function sortClusters(clusters: readonly Cluster[]): { readonly sorted: readonly Cluster[]; readonly rest: readonly Cluster[] } {
  const clusterOf = new Map(clusters.flatMap((cluster) => cluster.nodes.map(({ name }) => [name, cluster] as const)));
  const waiting = new Map(
    clusters.map((cluster) => {
      const read = cluster.nodes.flatMap(({ inputs }) => inputs.map((input) => clusterOf.get(input)));
      return [cluster, new Set(read.filter((other) => other !== undefined && other !== cluster))] as const;
    }),
  );
  const sorted: Cluster[] = [];
  const done = new Set<Cluster>();
  for (let progress = true; progress; ) {
    progress = false;
    for (const cluster of clusters) {
      if (done.has(cluster) || [...(waiting.get(cluster) ?? [])].some((other) => !done.has(other as Cluster))) continue;
      done.add(cluster);
      sorted.push(cluster);
      progress = true;
    }
  }
  return { sorted, rest: clusters.filter((cluster) => !done.has(cluster)) };
}

/** Branches of clusters that read, by way of others, what depends on them. */
function looped(clusters: readonly Cluster[]): ReadonlySet<Branch> {
  const clusterOf = new Map(clusters.flatMap((cluster) => cluster.nodes.map(({ name }) => [name, cluster] as const)));
  const reads = new Map(clusters.map((cluster) => [cluster, new Set(cluster.nodes.flatMap(({ inputs }) => inputs.map((input) => clusterOf.get(input)).filter((other) => other !== undefined && other !== cluster)))] as const));
  const found = new Set<Branch>();
  for (const start of clusters) {
    if (start.branch === null) continue;
    const seen = new Set<Cluster>();
    const stack = [...(reads.get(start) ?? [])] as Cluster[];
    for (let next = stack.pop(); next; next = stack.pop()) {
      if (next === start) {
        found.add(start.branch);
        break;
      }
      if (seen.has(next)) continue;
      seen.add(next);
      stack.push(...([...(reads.get(next) ?? [])] as Cluster[]));
    }
  }
  return found;
}

function sortedClusters(nodes: readonly GraphNode[], branch: Branch, owners: Division["owners"]): readonly Cluster[] {
  for (let branches = callable(branch); ; ) {
    const { sorted, rest } = sortClusters(clustersOf(nodes, branches, owners));
    if (rest.length === 0) return sorted;
    const open = looped(rest);
    branches = branches.flatMap((each) => (open.has(each) ? callable(each) : [each]));
  }
}

/** The plan of the branch that `nodes` belong to. */
export function planModule(branch: Branch, nodes: readonly GraphNode[], division: Division): ModulePlan {
  const inside = new Set(nodes.map(({ name }) => name));
  const inputs = new Set<string>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const holder = division.holders.get(input);
      if (!inside.has(input) && !division.inline.has(input) && !(holder && isInside(holder, branch))) inputs.add(input);
    }
  }
  const wanted = new Set(division.outputs);
  if (branch.parent !== null) for (const node of division.nodes) if (!inside.has(node.name)) for (const input of node.inputs) wanted.add(input);
  const steps = sortedClusters(nodes, branch, division.owners).map((cluster): Step => {
    const [only] = cluster.nodes as [GraphNode];
    return cluster.branch === null ? { kind: "node", node: only } : { kind: "call", module: planModule(cluster.branch, cluster.nodes, division) };
  });
  return { branch, inputs: [...inputs], outputs: branch.parent === null ? division.outputs : nodes.map(({ name }) => name).filter((name) => wanted.has(name)), steps };
}
