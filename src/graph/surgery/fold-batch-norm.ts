/**
 * Folds batch norms into the convolutions and products before them, with the statistics that they have: the same outputs, a bias for a
 * norm, for a model that is exported. What is folded can no longer be trained as it was, so no run does this.
 */
import { GraphBuilder } from "../builder.ts";
import { parentPath } from "../paths.ts";
import type { Graph, GraphNode, Model, WeightValues } from "../types.ts";

type Norm = Extract<GraphNode, { readonly op: "batchNorm" }>;
type Product = Extract<GraphNode, { readonly op: "conv2d" | "depthwiseConv2d" | "matMul" }>;

/** A batch norm that can be folded: `norm(product(x, kernel) + bias)`. */
interface Fold {
  readonly norm: Norm;
  readonly product: Product;
  readonly kernel: string;
  /** The sum between the two, and the parameter that it adds. */
  readonly added: { readonly node: string; readonly bias: string } | null;
}

/** The caller's weights are left alone. A norm whose input, kernel or bias something else reads too stays. */
export function foldBatchNorm(model: Model): Model {
  const folds = foldsOf(model.graph);
  const byNorm = new Map(folds.map((fold) => [fold.norm.name, fold]));
  const gone = new Set(folds.flatMap(({ added }) => (added === null ? [] : [added.node])));
  const builder = new GraphBuilder({ ...model.graph, nodes: [] });
  const names = new GraphBuilder(model.graph);
  const weights = new Map(model.weights);

  for (const node of model.graph.nodes) {
    const fold = byNorm.get(node.name);
    if (fold === undefined) {
      if (!gone.has(node.name)) builder.add(node.name, node.op, node.inputs, node.attributes);
      continue;
    }
    const { kernel, bias } = folded(fold, model.weights);
    const name = fold.added?.bias ?? builder.parameter(names.parameter(names.freeName(besideOf(fold.kernel, "bias")), [bias.length]), [bias.length]);
    weights.set(fold.kernel, kernel);
    weights.set(name, bias);
    builder.add(node.name, "add", [fold.product.name, name], {});
  }
  return withoutUnread(builder.build(model.graph.outputs), model.graph, weights);
}

/** `a/kernel` -> `a/bias` */
function besideOf(parameter: string, name: string): string {
  const parent = parentPath(parameter);
  return parent === "" ? name : `${parent}/${name}`;
}

/** How many channels a product has whose kernel has this shape; none if it is no kernel. */
function channelsOf(product: Product, shape: readonly number[]): number | undefined {
  if (shape.length !== (product.op === "matMul" ? 2 : 4)) return undefined;
  if (product.op === "depthwiseConv2d") return (shape[2] as number) * (shape[3] as number);
  return product.op === "matMul" && product.attributes.transposeB ? shape[0] : shape.at(-1);
}

function foldsOf(graph: Graph): readonly Fold[] {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const parameters = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
  const readers = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]) readers.set(name, (readers.get(name) ?? 0) + 1);
  const isOnlyHere = (name: string): boolean => readers.get(name) === 1;

  return graph.nodes.flatMap((norm): Fold[] => {
    if (norm.op !== "batchNorm" || norm.attributes.activation !== undefined) return [];
    const channels = parameters.get(norm.inputs[1] as string)?.shape[0];
    const isVector = (name: string): boolean => parameters.get(name)?.shape.length === 1 && parameters.get(name)?.shape[0] === channels;
    if (!norm.inputs.slice(1).every(isVector)) return [];
    const before = nodes.get(norm.inputs[0] as string);
    const sum = before?.op === "add" ? before : null;
    const bias = sum?.inputs.find(isVector) ?? null;
    const product = sum === null ? before : nodes.get(sum.inputs.find((name) => name !== bias) as string);
    if (product?.op !== "conv2d" && product?.op !== "depthwiseConv2d" && product?.op !== "matMul") return [];
    const kernel = product.inputs[1] as string;
    const between = [product.name, kernel, ...(sum === null ? [] : [sum.name, bias ?? ""])];
    if (!between.every(isOnlyHere) || channelsOf(product, parameters.get(kernel)?.shape ?? []) !== channels) return [];
    return [{ norm, product, kernel, added: sum === null || bias === null ? null : { node: sum.name, bias } }];
  });
}

function folded({ norm, product, kernel: kernelName, added }: Fold, weights: Model["weights"]): { readonly kernel: Float32Array; readonly bias: Float32Array } {
  const valuesOf = (name: string): WeightValues => weights.get(name) as WeightValues;
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map(valuesOf) as [WeightValues, WeightValues, WeightValues, WeightValues];
  const scale = Float64Array.from(gamma, (value, channel) => value / Math.sqrt((variance[channel] as number) + norm.attributes.epsilon));
  const shift = added === null ? null : valuesOf(added.bias);
  const bias = Float32Array.from(beta, (value, channel) => value + ((shift?.[channel] ?? 0) - (mean[channel] as number)) * (scale[channel] as number));

  const kernel = valuesOf(kernelName);
  const channels = scale.length;
  // Output channels are the last axis (of a depthwise kernel the last two), or the first where the product transposes.
  const isTransposed = product.op === "matMul" && product.attributes.transposeB;
  const channelOf = isTransposed ? (i: number): number => Math.floor((i * channels) / kernel.length) : (i: number): number => i % channels;
  return { kernel: Float32Array.from(kernel, (value, i) => value * (scale[channelOf(i)] as number)), bias };
}

/** Without the parameters that were read before and are no longer. */
function withoutUnread(graph: Graph, before: Graph, weights: Model["weights"]): Model {
  const read = (nodes: Graph["nodes"]): ReadonlySet<string> => new Set(nodes.flatMap(({ inputs }) => inputs));
  const [then, now] = [read(before.nodes), read(graph.nodes)];
  const isLeft = (name: string): boolean => now.has(name) || !then.has(name);
  return { graph: { ...graph, parameters: graph.parameters.filter(({ name }) => isLeft(name)) }, weights: new Map([...weights].filter(([name]) => isLeft(name))) };
}
