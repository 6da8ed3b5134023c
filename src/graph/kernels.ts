/** The layers of a graph that multiply their input by a kernel: what adapters, dropout and quantisation by layer apply to. */
import { GraftError } from "../core/errors.ts";
import { isWithin, parentPath } from "./paths.ts";
import { patternTest, suchAs } from "./patterns.ts";
import { headPath } from "./surgery/replace-head.ts";
import type { Graph, GraphNode, Parameter } from "./types.ts";

type ProductOp = "matMul" | "conv2d" | "depthwiseConv2d";
/** A node whose inputs are x and a kernel. */
export type ProductNode = Extract<GraphNode, { readonly op: ProductOp }>;

export interface KernelLayer {
  /** The group that the kernel is in, or the kernel's own name where it shares that group with another kernel. */
  readonly path: string;
  readonly kernel: Parameter;
  /** All that read the kernel: one, or more where layers share their weights. They are the same op with the same attributes. */
  readonly products: readonly [ProductNode, ...ProductNode[]];
}

const isProduct = (node: GraphNode | undefined): node is ProductNode => node?.op === "matMul" || node?.op === "conv2d" || node?.op === "depthwiseConv2d";

/** The layers of the trunk, the head left out, in the order of the nodes. */
export function kernelLayers(graph: Graph): readonly KernelLayer[] {
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  const found = graph.parameters.flatMap((kernel): Omit<KernelLayer, "path">[] => {
    const products = readers.get(kernel.name) ?? [];
    const [first] = products;
    if (!isProduct(first) || graph.outputs.includes(kernel.name) || isWithin(kernel.name, headPath)) return [];
    const isAlike = (node: GraphNode): boolean => node.op === first.op && node.inputs[1] === kernel.name && node.inputs[0] !== kernel.name && JSON.stringify(node.attributes) === JSON.stringify(first.attributes);
    if (!products.every(isAlike) || (first.op === "matMul" && (kernel.shape.length !== 2 || first.attributes.transposeA))) return [];
    return [{ kernel, products: products as [ProductNode, ...ProductNode[]] }];
  });
  const groups = found.map(({ kernel }) => parentPath(kernel.name));
  const isShared = (group: string): boolean => group === "" || groups.filter((other) => other === group).length > 1;
  const position = new Map(graph.nodes.map(({ name }, i) => [name, i]));
  return found
    .map((layer, i) => ({ ...layer, path: isShared(groups[i] as string) ? layer.kernel.name : (groups[i] as string) }))
    .sort((a, b) => (position.get(a.products[0].name) ?? 0) - (position.get(b.products[0].name) ?? 0));
}

/**
 * The layers that any pattern matches; see patterns.ts.
 * @param where what the patterns are for, in an error.
 * @throws GraftError for a pattern that matches none, with the paths that come close.
 */
export function matchingLayers(layers: readonly KernelLayer[], patterns: readonly string[], where: string): readonly KernelLayer[] {
  const tests = patterns.map(patternTest);
  tests.forEach((test, i) => {
    if (layers.some(({ kernel, path }) => test(kernel.name) || test(path))) return;
    const pattern = patterns[i] as string;
    throw new GraftError({
      where: `${where} pattern "${pattern}"`,
      what: "no layer with a product matches",
      wanted: layers.length === 0 ? "a model with dense layers or convolutions" : `patterns of layer paths${suchAs(layers.map(({ path }) => path), pattern)}`,
    });
  });
  return layers.filter(({ kernel, path }) => tests.some((test) => test(kernel.name) || test(path)));
}
