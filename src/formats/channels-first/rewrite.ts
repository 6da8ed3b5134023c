/**
 * A graph as PyTorch and ONNX compute it: convolutions and pools with channels first, on kernels as PyTorch stores them, and biases
 * within the nodes that they belong to. What lies between two convolutions stays channels first where it can, so that few axes
 * are moved. For writers alone: the engine does not run the result.
 */
import type { Dim, Shape } from "../../core/shape.ts";
import type { Graph, GraphNode, OpName } from "../../graph/types.ts";
import { depthwisePermutation, kernelPermutation, upstreamTensors, type UpstreamTensor } from "../safetensors/upstream.ts";
import { fuseBiases } from "./fuse-biases.ts";
import { type LayoutRule, layoutRules, toFirst, toLast } from "./rules.ts";

export interface ChannelsFirst {
  /** Inputs are values of this list, inputs of the graph or its parameters. A convolution or a product may have a bias as its last input. */
  readonly nodes: readonly GraphNode[];
  /** Of each output of the graph, in its own order of axes; may be an input. */
  readonly outputs: readonly string[];
  /** Of every value as it is here; of parameters, as PyTorch stores them. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly parameters: ReadonlyMap<string, UpstreamTensor>;
}

interface Forms {
  /** In the order of axes that the graph has. */
  readonly own?: string;
  readonly first?: string;
}

class Rewriter {
  readonly nodes: GraphNode[] = [];
  readonly shapes: Map<string, Shape>;
  readonly parameters: ReadonlyMap<string, UpstreamTensor>;
  /** What the graph calls a value -> the values here. */
  private readonly forms = new Map<string, Forms>();
  /** Value -> the value whose axes it has in another order. */
  private readonly moved = new Map<string, { readonly base: string; readonly permutation: readonly number[] }>();
  private readonly taken: Set<string>;
  private readonly graphShapes: ReadonlyMap<string, Shape>;

  constructor(graph: Graph, shapes: ReadonlyMap<string, Shape>) {
    this.graphShapes = shapes;
    this.parameters = upstreamTensors(graph);
    this.taken = new Set(shapes.keys());
    this.shapes = new Map(graph.inputs.map(({ name }) => [name, shapes.get(name) ?? []]));
    for (const [name, { shape }] of this.parameters) this.shapes.set(name, shape);
  }

  add(node: GraphNode): void {
    // The table's type ties each rule to its op's attributes; a union of rules cannot be called without this.
    const rule = layoutRules[node.op] as LayoutRule<never> & LayoutRule<OpName>;
    const shape = this.graphShapes.get(node.name) ?? [];
    if (node.op === "transpose") this.forms.set(node.name, { own: this.transposed(this.own(node.inputs[0] as string), node.attributes.permutation, node.name) });
    else if (rule === "image") this.addImage(node, shape);
    else if (rule !== "last" && shape.length <= 4 && node.inputs.some((input) => this.isFirst(input)) && this.addFirst(node, rule, shape)) return;
    else this.push({ ...node, inputs: node.inputs.map((input) => this.own(input)) }, shape, "own");
  }

  own(name: string): string {
    const forms = this.forms.get(name);
    if (forms?.own !== undefined) return forms.own;
    if (forms?.first === undefined) return name;
    const own = this.transposed(forms.first, toLast, this.freeName(`${name}/channels_last`));
    this.forms.set(name, { ...forms, own });
    return own;
  }

  private first(name: string): string {
    const forms = this.forms.get(name);
    if (forms?.first !== undefined) return forms.first;
    const first = this.transposed(this.own(name), toFirst, this.freeName(`${name}/channels_first`));
    this.forms.set(name, { ...forms, own: this.own(name), first });
    return first;
  }

  private isFirst(name: string): boolean {
    return this.forms.get(name)?.first !== undefined;
  }

  private push(node: GraphNode, shape: Shape, form: keyof Forms): void {
    this.nodes.push(node);
    this.taken.add(node.name);
    this.shapes.set(node.name, form === "first" ? toFirst.map((axis) => shape[axis] as Dim) : shape);
    this.forms.set(node.name, { [form]: node.name });
  }

  /** `value` with its axes moved, under a name that is free; none are where that undoes an earlier move. */
  private transposed(value: string, permutation: readonly number[], own: string): string {
    const before = this.moved.get(value);
    const base = before?.base ?? value;
    const whole = before ? permutation.map((axis) => before.permutation[axis] as number) : permutation;
    if (whole.every((axis, i) => axis === i)) return base;
    const shape = this.shapes.get(base) ?? [];
    this.nodes.push({ name: own, op: "transpose", inputs: [base], attributes: { permutation: whole } });
    this.shapes.set(own, whole.map((axis) => shape[axis] as Dim));
    this.moved.set(own, { base, permutation: whole });
    return own;
  }

  private reshaped(value: string, shape: readonly number[], own: string): string {
    this.nodes.push({ name: own, op: "reshape", inputs: [value], attributes: { shape } });
    this.shapes.set(own, shape);
    return own;
  }

  private freeName(name: string): string {
    let free = name;
    for (let i = 1; this.taken.has(free); i++) free = `${name}_${i}`;
    this.taken.add(free);
    return free;
  }

  private addImage(node: GraphNode, shape: Shape): void {
    const [x, second, ...others] = node.inputs as [string, ...string[]];
    if (shape.length === 4) {
      const kernel = second !== undefined && node.op !== "batchNorm" ? this.kernel(node, second) : second;
      this.push({ ...node, inputs: [this.first(x), ...(kernel === undefined ? [] : [kernel]), ...others] }, shape, "first");
      return;
    }
    // Only batch norms have another number of axes; their channels come second.
    const last = shape.length - 1;
    const middle = Array.from({ length: Math.max(0, last - 1) }, (_, i) => i + 1);
    const moved = this.transposed(this.own(x), last < 1 ? [0] : [0, last, ...middle], this.freeName(`${node.name}/channels_first`));
    const name = last < 2 ? node.name : this.freeName(`${node.name}/channels_second`);
    this.push({ ...node, name, inputs: [moved, ...(node.inputs.slice(1))] }, this.shapes.get(moved) ?? [], "own");
    if (last >= 2) this.forms.set(node.name, { own: this.transposed(name, [0, ...middle.map((axis) => axis + 1), 1], node.name) });
  }

  /** A kernel that is computed, or that is something else too, is brought to PyTorch's layout here. */
  private kernel({ op, name }: GraphNode, kernel: string): string {
    if (this.parameters.get(kernel)?.permutation !== undefined) return kernel;
    const moved = this.transposed(this.own(kernel), op === "depthwiseConv2d" ? depthwisePermutation : kernelPermutation, this.freeName(`${name}/kernel_moved`));
    if (op !== "depthwiseConv2d") return moved;
    const [channels, multiplier, height, width] = this.shapes.get(moved) as readonly number[];
    return this.reshaped(moved, [(channels as number) * (multiplier as number), 1, height as number, width as number], this.freeName(`${name}/kernel_joined`));
  }

  /** @returns false where it is computed in the graph's own order after all. */
  private addFirst(node: GraphNode, rule: Exclude<LayoutRule<never>, "image" | "last">, shape: Shape): boolean {
    const attributes = rule === "either" ? node.attributes : rule(node.attributes as never);
    if (attributes === null) return false;
    const inputs = node.inputs.map((input) => this.operand(input, node.name));
    if (!inputs.every((input) => input !== null)) return false;
    const made = { ...node, attributes, inputs } as GraphNode;
    this.push(made, shape, shape.length === 4 ? "first" : "own");
    return true;
  }

  /** An input as it is broadcast over channels first: [channels] -> [channels, 1, 1]. */
  private operand(input: string, node: string): string | null {
    const shape = this.graphShapes.get(input) ?? [];
    if (shape.length === 4) return this.first(input);
    if (shape.length === 0) return this.own(input);
    if (shape.includes(null)) return null;
    const four = [...Array.from({ length: 4 - shape.length }, () => 1), ...(shape as readonly number[])];
    const name = this.freeName(`${node}/broadcast`);
    // A vector has no order of axes.
    if (four.filter((dim) => dim !== 1).length <= 1) {
      const moved = toFirst.map((axis) => four[axis] as number);
      return this.reshaped(this.own(input), moved.slice(Math.max(0, moved.findIndex((dim) => dim !== 1))), name);
    }
    return this.transposed(this.reshaped(this.own(input), four, name), toFirst, this.freeName(`${name}_moved`));
  }
}

/** @param shapes of the graph's own values, as `inferShapes` gives them. */
export function channelsFirst(graph: Graph, shapes: ReadonlyMap<string, Shape>): ChannelsFirst {
  const rewriter = new Rewriter(graph, shapes);
  for (const node of fuseBiases(graph, shapes)) rewriter.add(node);
  const outputs = graph.outputs.map((name) => rewriter.own(name));

  // A move that was composed with the next one may have no reader left.
  const used = new Set(outputs);
  const nodes = rewriter.nodes.toReversed().filter(({ name, inputs }) => {
    if (!used.has(name)) return false;
    for (const input of inputs) used.add(input);
    return true;
  });
  return { nodes: nodes.toReversed(), outputs, shapes: rewriter.shapes, parameters: rewriter.parameters };
}
