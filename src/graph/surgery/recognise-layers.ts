/**
 * Finds layers that an exporter spelt out in elementary ops, and puts the one op back that means them: its gradient is one kernel
 * where the parts' was a dozen. Each pattern is one function of the table; what nobody reads any more is pruned.
 */
import type { Shape } from "../../core/shape.ts";
import { inferShapes } from "../shapes.ts";
import type { Graph, GraphNode, Model, OpAttributes, OpName } from "../types.ts";
import { prune } from "./prune.ts";

type NodeOf<Op extends OpName> = Extract<GraphNode, { readonly op: Op }>;
/** What stands for a root instead, the last being called as it was. Undefined where the root is none. */
type Pattern = (root: GraphNode, find: Finder) => readonly GraphNode[] | undefined;

/** The same outputs; a model with nothing to find is returned as it is. */
export function recogniseLayers(model: Model): Model {
  const find = new Finder(model.graph);
  let found = false;
  const nodes = model.graph.nodes.flatMap((node) => {
    for (const pattern of patterns) {
      const replacement = pattern(node, find);
      if (replacement !== undefined) {
        found = true;
        return replacement;
      }
    }
    return [node];
  });
  if (!found) return model;
  const graph = { ...prune({ ...model.graph, nodes }, model.graph.outputs), inputs: model.graph.inputs };
  return { graph, weights: model.weights };
}

class Finder {
  private readonly nodes: ReadonlyMap<string, GraphNode>;
  private readonly shapes: ReadonlyMap<string, Shape>;

  constructor(graph: Graph) {
    this.nodes = new Map(graph.nodes.map((node) => [node.name, node]));
    this.shapes = inferShapes(graph);
  }

  rank(name: string): number {
    return this.shapes.get(name)?.length ?? 0;
  }

  shape(name: string): Shape {
    return this.shapes.get(name) ?? [];
  }

  /** The node behind a value, if it is that op. */
  as<Op extends OpName>(op: Op, name: string | undefined): NodeOf<Op> | undefined {
    const node = this.nodes.get(name ?? "");
    return node?.op === op ? (node as NodeOf<Op>) : undefined;
  }

  /** The number that a value is. */
  scalar(name: string | undefined): number | undefined {
    const values = this.as("constant", name)?.attributes.values;
    return values?.length === 1 ? values[0] : undefined;
  }

  /** A product as its numbers, multiplied, and the values that are no numbers. Divisions by numbers count. */
  product(name: string): { readonly scale: number; readonly factors: readonly string[] } {
    const number = this.scalar(name);
    if (number !== undefined) return { scale: number, factors: [] };
    const node = this.nodes.get(name);
    const divisor = node?.op === "divide" ? this.scalar(node.inputs[1]) : undefined;
    if (node?.op === "divide" && divisor !== undefined) {
      const above = this.product(node.inputs[0] as string);
      return { ...above, scale: above.scale / divisor };
    }
    if (node?.op !== "multiply") return { scale: 1, factors: [name] };
    const [a, b] = node.inputs.map((input) => this.product(input)) as [ReturnType<Finder["product"]>, ReturnType<Finder["product"]>];
    return { scale: a.scale * b.scale, factors: [...a.factors, ...b.factors] };
  }

  /** x of `x + number`. */
  plus(name: string | undefined, number: number): string | undefined {
    const node = this.as("add", name);
    const [a, b] = node?.inputs ?? [];
    if (near(this.scalar(b), number)) return a;
    return near(this.scalar(a), number) ? b : undefined;
  }

  /** x of x^2. */
  squared(name: string | undefined): string | undefined {
    const square = this.as("square", name) ?? this.as("multiply", name);
    const [a, b = a] = square?.inputs ?? [];
    if (a !== undefined && a === b) return a;
    const power = this.as("power", name);
    return power !== undefined && this.scalar(power.inputs[1]) === 2 ? power.inputs[0] : undefined;
  }

  /** x and epsilon of sqrt(mean(x^2) + epsilon) over the last axis. */
  rootMeanSquare(name: string | undefined): { readonly x: string; readonly epsilon: number } | undefined {
    const sum = this.as("add", this.as("sqrt", name)?.inputs[0]);
    const [a, b] = sum?.inputs ?? [];
    const epsilon = this.scalar(b) ?? this.scalar(a);
    const mean = this.lastMean(this.scalar(b) === undefined ? b : a);
    const x = this.squared(mean);
    return x === undefined || epsilon === undefined ? undefined : { x, epsilon };
  }

  /** x of its mean over the last axis, kept. */
  lastMean(name: string | undefined): string | undefined {
    const mean = this.as("mean", name);
    const [x] = mean?.inputs ?? [];
    if (mean === undefined || x === undefined) return undefined;
    const [axis, ...others] = mean.attributes.axes;
    return others.length === 0 && mean.attributes.keepDims && (axis === -1 || axis === this.rank(x) - 1) ? x : undefined;
  }

  /** x / sqrt(mean(x^2) + epsilon), divided, or multiplied by the reciprocal. */
  overRootMeanSquare(name: string | undefined): { readonly x: string; readonly epsilon: number } | undefined {
    const divided = this.as("divide", name);
    const found = this.rootMeanSquare(divided?.inputs[1]);
    if (found !== undefined) return found.x === divided?.inputs[0] ? found : undefined;
    for (const [x, other] of this.eitherWay(this.as("multiply", name))) {
      const reciprocal = this.as("divide", other);
      const root = this.scalar(reciprocal?.inputs[0]) === 1 ? this.rootMeanSquare(reciprocal?.inputs[1]) : undefined;
      if (root !== undefined && root.x === x) return root;
    }
    return undefined;
  }

  eitherWay(node: GraphNode | undefined): readonly (readonly [string, string])[] {
    const [a, b] = node?.inputs ?? [];
    return a === undefined || b === undefined ? [] : [[a, b], [b, a]];
  }

  /** A vector beside the last axis of x. */
  isVectorOf(vector: string, x: string): boolean {
    const [size, ...more] = this.shape(vector);
    return more.length === 0 && size !== undefined && size === this.shape(x).at(-1);
  }
}

function near(value: number | undefined, wanted: number): boolean {
  return value !== undefined && Math.abs(value - wanted) < 1e-4 * Math.max(1, Math.abs(wanted));
}

const node = <Op extends OpName>(name: string, op: Op, inputs: readonly string[], attributes: OpAttributes[Op]): GraphNode => ({ name, op, inputs, attributes }) as GraphNode;

/** x * sigmoid(x) */
const silu: Pattern = (root, find) => {
  if (root.op !== "multiply") return undefined;
  const pair = find.eitherWay(root).find(([x, gate]) => find.as("sigmoid", gate)?.inputs[0] === x);
  return pair && [node(root.name, "silu", [pair[0]], {})];
};

/** x * 0.5 * (1 + erf(x / sqrt(2))), or with the tanh of x * sqrt(2 / pi) * (1 + 0.044715 x^2), in any order. */
const gelu: Pattern = (root, find) => {
  if (root.op !== "multiply") return undefined;
  const { scale, factors } = find.product(root.name);
  if (!near(scale, 0.5) || factors.length !== 2) return undefined;
  for (const [x, other] of [factors, factors.toReversed()] as [string, string][]) {
    const inner = find.plus(other, 1);
    const erf = find.as("erf", inner)?.inputs[0];
    const scaled = erf && find.product(erf);
    if (scaled && near(scaled.scale, Math.SQRT1_2) && scaled.factors.join("\n") === x) return [node(root.name, "gelu", [x], { approximate: false })];
    const tanh = find.as("tanh", inner)?.inputs[0];
    const outer = tanh && find.product(tanh);
    if (outer && near(outer.scale, Math.sqrt(2 / Math.PI)) && outer.factors.length === 1 && isCubic(outer.factors[0] as string, x, find)) return [node(root.name, "gelu", [x], { approximate: true })];
  }
  return undefined;
};

/** x + 0.044715 x^3 */
function isCubic(name: string, x: string, find: Finder): boolean {
  return find.eitherWay(find.as("add", name)).some(([first, second]) => {
    const { scale, factors } = find.product(second);
    if (first !== x || !near(scale, 0.044715)) return false;
    const power = find.as("power", factors[0]);
    if (factors.length === 1) return power?.inputs[0] === x && find.scalar(power.inputs[1]) === 3;
    return factors.flatMap((factor) => (find.squared(factor) === x ? [x, x] : [factor])).join("\n") === [x, x, x].join("\n");
  });
}

/** (x - mean) / sqrt(variance + epsilon) * gamma + beta, over the last axis. */
const layerNorm: Pattern = (root, find) => {
  if (root.op !== "add") return undefined;
  for (const [scaled, beta] of find.eitherWay(root)) {
    for (const [normal, gamma] of find.eitherWay(find.as("multiply", scaled))) {
      const found = find.overRootMeanSquare(normal);
      const centred = find.as("subtract", found?.x);
      const [x, mean] = centred?.inputs ?? [];
      if (found === undefined || x === undefined || find.lastMean(mean) !== x) continue;
      if (find.isVectorOf(gamma, x) && find.isVectorOf(beta, x)) return [node(root.name, "layerNorm", [x, gamma, beta], { epsilon: found.epsilon })];
    }
  }
  return undefined;
};

/** x / sqrt(mean(x^2) + epsilon) * gamma */
const rmsNorm: Pattern = (root, find) => {
  if (root.op !== "multiply") return undefined;
  for (const [normal, gamma] of find.eitherWay(root)) {
    const found = find.overRootMeanSquare(normal);
    // What is centred first is a layer norm, found where its bias is added.
    if (found !== undefined && find.isVectorOf(gamma, found.x) && find.lastMean(find.as("subtract", found.x)?.inputs[1]) === undefined) return [node(root.name, "rmsNorm", [found.x, gamma], { epsilon: found.epsilon })];
  }
  return undefined;
};

/** relu6(x + 3) / 6, alone or with x before it is divided. */
const hardSwish: Pattern = (root, find) => {
  if (root.op !== "multiply" && root.op !== "divide") return undefined;
  const { scale, factors } = find.product(root.name);
  if (!near(scale, 1 / 6)) return undefined;
  const gateOf = (name: string | undefined): string | undefined => find.plus(find.as("relu6", name)?.inputs[0], 3);
  const [first, second] = factors;
  if (factors.length === 1) {
    const x = gateOf(first);
    return x === undefined ? undefined : [node(root.name, "hardSigmoid", [x], {})];
  }
  if (factors.length !== 2) return undefined;
  const x = gateOf(first) === second ? second : gateOf(second) === first ? first : undefined;
  const gate = `${root.name}/hardSigmoid`;
  return x === undefined ? undefined : [node(gate, "hardSigmoid", [x], {}), node(root.name, "multiply", [x, gate], {})];
};

const patterns: readonly Pattern[] = [silu, gelu, layerNorm, rmsNorm, hardSwish];
