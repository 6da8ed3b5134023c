/** Folds adapters into the kernels that they adapt: the same outputs from the graph that there was before insertLora. */
import { isWithin } from "../paths.ts";
import type { Graph, GraphNode, Model, WeightValues } from "../types.ts";
import { adapterA, adapterB, isAdapter } from "./lora.ts";
import { prune } from "./prune.ts";

/** An adapter, as it is found in a graph. */
export interface Adapter {
  /** The layer's path. */
  readonly path: string;
  /** What it is added to. */
  readonly product: Extract<GraphNode, { readonly op: "matMul" | "conv2d" }>;
  readonly kernel: string;
  readonly rank: number;
  /** alpha / rank */
  readonly scale: number;
  readonly dropout: number;
  /** The node that stands for the product now. */
  readonly sum: string;
}

/** In the order of the nodes; one for each product, where layers share a kernel. */
export function adaptersOf(graph: Graph): readonly Adapter[] {
  const producers = new Map(graph.nodes.map((node) => [node.name, node]));
  const shapes = new Map(graph.parameters.map(({ name, shape }) => [name, shape]));
  const producer = (node: GraphNode | undefined, input: number): GraphNode | undefined => producers.get(node?.inputs[input] ?? "");
  return graph.nodes.flatMap((sum): Adapter[] => {
    if (sum.op !== "add") return [];
    const [product, up] = [producer(sum, 0), producer(sum, 1)];
    const b = up?.inputs[1] ?? "";
    if ((product?.op !== "matMul" && product?.op !== "conv2d") || !b.endsWith(`/${adapterB}`)) return [];
    const scaled = producer(up, 0);
    const [down, scale] = [producer(scaled, 0), producer(scaled, 1)];
    const path = b.slice(0, -adapterB.length - 1);
    if (down?.inputs[1] !== `${path}/${adapterA}` || scale?.op !== "constant") return [];
    const before = producer(down, 0);
    // The layer's own input may be a dropout as well.
    const isOwn = before?.op === "dropout" && before.name !== product.inputs[0];
    const rank = (product.op === "matMul" ? shapes.get(b) : shapes.get(down.inputs[1]))?.at(-1) ?? 1;
    return [{ path, product, kernel: product.inputs[1] as string, rank, scale: scale.attributes.values[0] as number, dropout: isOwn ? before.attributes.rate : 0, sum: sum.name }];
  });
}

/** kernel + alpha / rank * A B. The caller's weights are left alone; a model without adapters comes back as it is. */
export function mergeLora(model: Model): Model {
  const { graph, weights } = model;
  const adapters = adaptersOf(graph);
  if (adapters.length === 0) return model;
  const products = new Map(adapters.map(({ sum, product }) => [sum, product.name]));
  const merged = new Map([...weights].filter(([name]) => !isAdapter(name)));
  for (const adapter of new Map(adapters.map((found) => [found.path, found])).values()) merged.set(adapter.kernel, mergedKernel(adapter, weights));
  const current = (name: string): string => products.get(name) ?? name;
  const nodes = graph.nodes.filter(({ name }) => !products.has(name)).map((node) => ({ ...node, inputs: node.inputs.map(current) }));
  const parameters = graph.parameters.filter(({ name }) => !adapters.some(({ path }) => isAdapter(name) && isWithin(name, path)));
  return { graph: prune({ ...graph, parameters, nodes }, graph.outputs.map(current)), weights: merged };
}

function mergedKernel({ path, product, kernel, rank, scale }: Adapter, weights: Model["weights"]): WeightValues {
  const [base, a, b] = [kernel, `${path}/${adapterA}`, `${path}/${adapterB}`].map((name) => weights.get(name) as Float32Array) as [Float32Array, Float32Array, Float32Array];
  const isDense = product.op === "matMul";
  const isTransposed = isDense && product.attributes.transposeB;
  const [inputs, outputs] = [a.length / rank, b.length / rank];
  const result = base.slice();
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      // A is [rank, in] and B [out, rank] of a dense layer, [..., in, rank] and [rank, out] of a convolution.
      for (let r = 0; r < rank; r++) sum += isDense ? (a[r * inputs + i] as number) * (b[o * rank + r] as number) : (a[i * rank + r] as number) * (b[r * outputs + o] as number);
      const at = isTransposed ? o * inputs + i : i * outputs + o;
      result[at] = (base[at] as number) + scale * sum;
    }
  }
  return result;
}
