/** A graph's parameters as the tree of layer groups that a person sees, in the order in which data flows through them. */
import type { LayerGroup } from "../core/layer-group.ts";
import { sizeOf } from "../core/shape.ts";
import { describeLayer } from "./layer-details.ts";
import { isWithin, parentPath } from "./paths.ts";
import type { Graph, Parameter } from "./types.ts";

/** Parameters by first use; those that no node uses come last. */
function parametersInFlowOrder(graph: Graph): readonly Parameter[] {
  const byName = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
  const names = new Set(graph.nodes.flatMap(({ inputs }) => inputs).filter((name) => byName.has(name)));
  for (const name of byName.keys()) names.add(name);
  return [...names].map((name) => byName.get(name) as Parameter);
}

interface Branch {
  readonly path: string;
  readonly parameters: Parameter[];
  readonly branches: Map<string, Branch>;
}

/** The tree by name path. A leaf holds the parameters of one layer; a group with one child only is merged with it. */
export function layerGroups(graph: Graph): readonly LayerGroup[] {
  const root: Branch = { path: "", parameters: [], branches: new Map() };
  for (const parameter of parametersInFlowOrder(graph)) {
    let branch = root;
    // A parameter without a path is a layer of its own.
    const layer = parentPath(parameter.name) || parameter.name;
    for (const segment of layer.split("/")) {
      const path = branch.path === "" ? segment : `${branch.path}/${segment}`;
      const next = branch.branches.get(segment) ?? { path, parameters: [], branches: new Map<string, Branch>() };
      branch.branches.set(segment, next);
      branch = next;
    }
    branch.parameters.push(parameter);
  }
  return [...root.branches.values()].map((branch) => groupOf(graph, branch, ""));
}

function groupOf(graph: Graph, branch: Branch, parent: string): LayerGroup {
  const branches = [...branch.branches.values()];
  const [only] = branches;
  if (only !== undefined && branches.length === 1 && branch.parameters.length === 0) return groupOf(graph, only, parent);

  const path = branch.path;
  const name = parent === "" ? path : path.slice(parent.length + 1);
  if (branches.length === 0) return { path, name, parameterCount: countOf(branch.parameters), detail: describeLayer(graph, branch.parameters), children: [] };

  // Parameters beside sub-groups get a leaf each, whose path is the parameter's own name.
  const own = branch.parameters.map((parameter) => leafOf(graph, parameter, path));
  const children = [...own, ...branches.map((child) => groupOf(graph, child, path))];
  const layers = leavesOf(children).length;
  return { path, name, parameterCount: children.reduce((sum, child) => sum + child.parameterCount, 0), detail: `${layers} layers`, children };
}

function leafOf(graph: Graph, parameter: Parameter, parent: string): LayerGroup {
  return { path: parameter.name, name: parameter.name.slice(parent.length + 1), parameterCount: countOf([parameter]), detail: describeLayer(graph, [parameter]), children: [] };
}

/** Statistics are no parameters, as PyTorch counts: nothing ever learns them. */
function countOf(parameters: readonly Parameter[]): number {
  return parameters.filter(({ role }) => role === "weight").reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** The leaves of the tree, in flow order of their groups. */
export function leavesOf(groups: readonly LayerGroup[]): readonly LayerGroup[] {
  return groups.flatMap((group) => (group.children.length === 0 ? [group] : leavesOf(group.children)));
}

/** Every group of the tree, parents before children. */
export function allGroups(groups: readonly LayerGroup[]): readonly LayerGroup[] {
  return groups.flatMap((group) => [group, ...allGroups(group.children)]);
}

/** Position of each leaf group by the first use of any of its parameters. */
function flowPositions(graph: Graph, leaves: readonly LayerGroup[]): ReadonlyMap<LayerGroup, number> {
  const order = parametersInFlowOrder(graph).map(({ name }) => name);
  return new Map(leaves.map((leaf) => [leaf, order.findIndex((name) => isWithin(name, leaf.path))]));
}

/** "From here to the end": paths of the leaf groups within `path` and of all that data reaches after its first layer; none if there is no such group. */
export function groupsFrom(graph: Graph, path: string): readonly string[] {
  const leaves = leavesOf(layerGroups(graph));
  const positions = flowPositions(graph, leaves);
  const position = (leaf: LayerGroup): number => positions.get(leaf) ?? 0;
  const start = Math.min(...leaves.filter((leaf) => isWithin(leaf.path, path)).map(position));
  return leaves
    .filter((leaf) => position(leaf) >= start)
    .sort((a, b) => position(a) - position(b))
    .map((leaf) => leaf.path);
}
