/** The tree of modules that the names of the parameters span, and which of them each node belongs to. */
import type { GraphNode } from "../../graph/types.ts";
import type { UpstreamTensor } from "../safetensors/upstream.ts";

export interface Branch {
  /** `""` for the whole model. */
  readonly path: string;
  /** The last segment of the path. */
  readonly name: string;
  readonly parent: Branch | null;
  readonly branches: Map<string, Branch>;
  /** Parameters of the graph by the last segment of their upstream name. */
  readonly parameters: Map<string, string>;
}

export interface BranchTree {
  readonly root: Branch;
  /** Parameter of the graph -> the branch that holds it. */
  readonly holders: ReadonlyMap<string, Branch>;
}

export function branchTree(parameters: ReadonlyMap<string, UpstreamTensor>): BranchTree {
  const root: Branch = { path: "", name: "", parent: null, branches: new Map(), parameters: new Map() };
  const holders = new Map<string, Branch>();
  for (const [parameter, { name }] of parameters) {
    const segments = name.split(".");
    const last = segments.pop() as string;
    let branch = root;
    for (const segment of segments) {
      const next: Branch = branch.branches.get(segment) ?? { path: branch === root ? segment : `${branch.path}.${segment}`, name: segment, parent: branch, branches: new Map(), parameters: new Map() };
      branch.branches.set(segment, next);
      branch = next;
    }
    branch.parameters.set(last, parameter);
    holders.set(parameter, branch);
  }
  return { root, holders };
}

/** Whether its children are numbered 0, 1, 2, …, so that it is an nn.ModuleList. */
export function isList({ branches, parameters, parent }: Branch): boolean {
  return parent !== null && parameters.size === 0 && branches.size > 0 && [...branches.keys()].every((key, i) => key === String(i));
}

/** What can be called below a branch: a list's members stand for the list. */
export function callable(branch: Branch): readonly Branch[] {
  return [...branch.branches.values()].flatMap((child) => (isList(child) ? callable(child) : [child]));
}

export function isInside(inner: Branch | null, outer: Branch): boolean {
  for (let branch = inner; branch !== null; branch = branch.parent) if (branch === outer) return true;
  return false;
}

function commonBranch(a: Branch, b: Branch): Branch {
  let branch = a;
  while (!isInside(b, branch)) branch = branch.parent as Branch;
  return branch;
}

function notAList(branch: Branch): Branch {
  return isList(branch) ? notAList(branch.parent as Branch) : branch;
}

/** As far down as the name leads. */
function branchOfName(name: string, root: Branch): Branch {
  let branch = root;
  for (const segment of name.replaceAll("/", ".").split(".")) {
    const next = branch.branches.get(segment);
    if (next === undefined) break;
    branch = next;
  }
  return branch;
}

/**
 * Node -> the branch that it is computed in: where its parameters are, if it alone reads them, else where its name says. What only
 * moves axes goes to where both its source and its readers are.
 */
export function ownersOf(nodes: readonly GraphNode[], outputs: readonly string[], { root, holders }: BranchTree): ReadonlyMap<string, Branch> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const owners = new Map<string, Branch>();
  for (const node of nodes) {
    const own = node.inputs.filter((input) => holders.has(input) && readers.get(input)?.length === 1).map((input) => holders.get(input) as Branch);
    const branch = own.length > 0 ? own.reduce(commonBranch) : branchOfName(node.name, root);
    owners.set(node.name, notAList(branch));
  }
  for (const node of nodes.toReversed()) {
    if (node.op !== "transpose") continue;
    const around = [...(readers.get(node.name) ?? []).map(({ name }) => owners.get(name) as Branch), ...(outputs.includes(node.name) ? [root] : [])];
    const [moved] = node.inputs as [string];
    // An input of the graph is the whole model's, and a parameter is moved where it is read.
    const source = holders.has(moved) ? [] : [owners.get(moved) ?? root];
    owners.set(node.name, notAList([...around, ...source].reduce(commonBranch)));
  }
  return owners;
}
