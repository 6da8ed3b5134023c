/**
 * Takes away the transposes that stand around every op where a model with its channels first was read: each is pushed behind the
 * ops that do not care for the order of axes until it meets its inverse. What it needs is that shapes are known as far as
 * inferShapes knows them; it changes no value, only where axes are. Pushing the axes of attributes is in axis-order.ts.
 */
import type { Dim, Shape } from "../../core/shape.ts";
import { inferShapes } from "../shapes.ts";
import type { Graph, GraphInput, GraphNode, Model, Parameter, WeightValues } from "../types.ts";
import { compose, identity, inverse, isIdentity, permuteShape, permuteValues, type Permutation } from "./permutations.ts";
import { elementwiseOps, pushThrough } from "./axis-order.ts";
import { prune } from "./prune.ts";

/** A value of the old graph as one of the new, which still has to be transposed by `order`. */
interface Held {
  readonly name: string;
  readonly order: Permutation;
}

/**
 * The same outputs in the same order of axes, with as few transposes or fewer. A parameter that was broadcast in the old order is
 * stored in the new one.
 * @param turnInputs also lets an image input [batch, channels, h, w] become [batch, h, w, channels] where that saves transposes,
 * or costs none.
 */
export function cancelTransposes(model: Model, { turnInputs = false }: { readonly turnInputs?: boolean } = {}): Model {
  const plain = new Cancelling(model, new Set()).run();
  const best = countTransposes(plain.graph) <= countTransposes(model.graph) ? plain : model;
  const images = turnInputs ? model.graph.inputs.filter(isImageWithChannelsFirst).map(({ name }) => name) : [];
  if (images.length === 0) return best;
  const turned = new Cancelling(model, new Set(images)).run();
  const works = model.graph.nodes.some(({ op }) => op === "conv2d" || op === "depthwiseConv2d" || op === "maxPool2d");
  return works && countTransposes(turned.graph) <= countTransposes(best.graph) ? turned : best;
}

export function countTransposes({ nodes }: Graph): number {
  return nodes.filter(({ op }) => op === "transpose").length;
}

function isImageWithChannelsFirst({ shape: [_, channels, height, width, ...more], dtype }: GraphInput): boolean {
  const isLarge = (dim: Dim | undefined): boolean => dim === null || (dim !== undefined && dim > 4);
  return dtype === "float32" && more.length === 0 && typeof channels === "number" && channels <= 4 && isLarge(height) && isLarge(width);
}

class Cancelling {
  private readonly model: Model;
  private readonly shapes: ReadonlyMap<string, Shape>;
  private readonly readers = new Map<string, number>();
  private readonly producers: ReadonlyMap<string, GraphNode>;
  private readonly held = new Map<string, Held>();
  private readonly nodes: GraphNode[] = [];
  private readonly names: Set<string>;
  private readonly parameters: Map<string, Parameter>;
  private readonly weights: Map<string, WeightValues>;
  private readonly made = new Map<string, string>();
  private readonly inputs: readonly GraphInput[];

  constructor(model: Model, turned: ReadonlySet<string>) {
    const { graph } = model;
    this.model = model;
    this.shapes = inferShapes(graph);
    this.producers = new Map(graph.nodes.map((node) => [node.name, node]));
    this.names = new Set([...graph.inputs, ...graph.parameters, ...graph.nodes].map(({ name }) => name));
    this.parameters = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
    this.weights = new Map(model.weights);
    for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]) this.readers.set(name, (this.readers.get(name) ?? 0) + 1);
    this.inputs = graph.inputs.map((input) => (turned.has(input.name) ? { ...input, shape: permuteShape(input.shape, [0, 2, 3, 1]) } : input));
    for (const { name, shape } of graph.inputs) this.held.set(name, { name, order: turned.has(name) ? [0, 3, 1, 2] : identity(shape.length) });
    for (const { name, shape } of graph.parameters) this.held.set(name, { name, order: identity(shape.length) });
  }

  run(): Model {
    const { graph } = this.model;
    for (const node of graph.nodes) this.held.set(node.name, this.visit(node));
    const outputs = graph.outputs.map((name) => this.ordered(name));
    const pruned = prune({ inputs: this.inputs, parameters: [...this.parameters.values()], nodes: this.nodes, outputs }, outputs);
    return { graph: { ...pruned, inputs: this.inputs }, weights: this.weights };
  }

  private visit(node: GraphNode): Held {
    if (node.op === "transpose") {
      const { name, order } = this.heldOf(node.inputs[0] as string);
      return { name, order: compose(order, node.attributes.permutation) };
    }
    return this.pushed(node) ?? this.kept(node);
  }

  /** The node on inputs whose order of axes is not yet right, if it does not care. */
  private pushed(node: GraphNode): Held | undefined {
    const shape = this.shapeOf(node.name);
    if (elementwiseOps.has(node.op) || node.op === "concat" || node.op === "broadcastLike") return this.pushedOnAll(node, shape);
    if (node.op === "matMul") return this.swappedMatMul(node);
    const [first, ...others] = node.inputs;
    if (first === undefined) return undefined;
    const { name, order } = this.heldOf(first);
    if (isIdentity(order)) return undefined;
    if (node.op === "reshape") return this.reshaped(node.attributes.shape, node, name, order);
    const result = pushThrough(node, order);
    if (result === undefined) return undefined;
    const inputs = [name, ...others.map((input) => this.ordered(input))];
    this.nodes.push({ ...node, inputs, attributes: result.attributes } as GraphNode);
    return { name: node.name, order: result.order };
  }

  /** All operands take the order of the first that has one. */
  private pushedOnAll(node: GraphNode, shape: Shape): Held | undefined {
    const rank = shape.length;
    const leader = node.inputs.map((input) => this.heldOf(input)).find(({ order }) => order.length === rank && !isIdentity(order));
    if (leader === undefined) return undefined;
    const { order } = leader;
    const isElementwise = elementwiseOps.has(node.op);
    const inputs = node.inputs.map((input) => this.inOrder(input, order, isElementwise));
    let { attributes } = node as { attributes: unknown };
    if (node.op === "concat") attributes = { axis: order[node.attributes.axis < 0 ? node.attributes.axis + rank : node.attributes.axis] };
    if (node.op === "broadcastLike") attributes = { axes: node.attributes.axes.map((axis) => order[axis < 0 ? axis + rank : axis]) };
    this.nodes.push({ ...node, inputs, attributes } as GraphNode);
    return { name: node.name, order };
  }

  /** An operand as it is before `order` is applied to what it is combined with. */
  private inOrder(input: string, order: Permutation, broadcasts: boolean): string {
    const held = this.heldOf(input);
    if (held.order.length === order.length && held.order.every((axis, i) => axis === order[i])) return held.name;
    const shape = this.shapeOf(input);
    if (shape.every((dim) => dim === 1) && shape.length < order.length) return this.ordered(input);
    const full: Shape = [...new Array<Dim>(order.length - shape.length).fill(1), ...shape];
    return this.rearranged(input, full, inverse(order), broadcasts);
  }

  /** [1, …, input] transposed: a parameter or a constant in another order, or a node that does it. */
  private rearranged(input: string, full: Shape, back: Permutation, broadcasts: boolean): string {
    const key = `${input}\n${back.join(",")}\n${broadcasts}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const shape = permuteShape(full, back);
    // Leading axes of size 1 say nothing where all operands are broadcast.
    const short = broadcasts ? shape.slice(shape.findIndex((dim) => dim !== 1)) : shape;
    const name = this.placed(input, full, back, short) ?? this.turned(input, full, back, shape);
    this.made.set(key, name);
    return name;
  }

  private placed(input: string, full: Shape, back: Permutation, shape: Shape): string | undefined {
    const parameter = this.parameters.get(input);
    const constant = this.producers.get(input);
    if (parameter !== undefined && this.readers.get(input) === 1) {
      this.parameters.set(input, { ...parameter, shape: shape as readonly number[] });
      this.weights.set(input, permuteValues(this.weights.get(input) as WeightValues, full as readonly number[], back));
      return input;
    }
    if (constant?.op !== "constant") return undefined;
    const name = this.freeName(`${input}/ordered`);
    const values = permuteValues(Float64Array.from(constant.attributes.values), full as readonly number[], back);
    this.nodes.push({ ...constant, name, attributes: { ...constant.attributes, shape: shape as readonly number[], values: [...values] } });
    return name;
  }

  private turned(input: string, full: Shape, back: Permutation, shape: Shape): string {
    const producer = this.producers.get(input);
    const holds = full.filter((dim) => dim !== 1).length <= 1 && !full.includes(null);
    if (holds) {
      // Only where the one size is matters: a reshape, of what was reshaped before.
      const source = producer?.op === "reshape" ? (producer.inputs[0] as string) : input;
      return this.emit({ name: this.freeName(`${input}/ordered`), op: "reshape", inputs: [this.ordered(source)], attributes: { shape: shape as readonly number[] } });
    }
    const held = this.heldOf(input);
    const whole = compose(held.order, back);
    if (held.order.length === full.length) return isIdentity(whole) ? held.name : this.emit({ name: this.freeName(`${input}/ordered`), op: "transpose", inputs: [held.name], attributes: { permutation: whole } });
    const own = this.ordered(input);
    const wide = this.emit({ name: this.freeName(`${input}/wide`), op: "reshape", inputs: [own], attributes: { shape: full.map((dim) => dim ?? -1) } });
    return isIdentity(back) ? wide : this.emit({ name: this.freeName(`${input}/ordered`), op: "transpose", inputs: [wide], attributes: { permutation: back } });
  }

  /** A reshape of what is transposed only in axes of size 1 needs no transpose; one that flattens for a dense layer can have the layer's rows in the other order. */
  private reshaped(shape: readonly number[], node: GraphNode, name: string, order: Permutation): Held | undefined {
    const from = this.shapeOf(node.inputs[0] as string);
    const moving = order.filter((_, axis) => from[axis] !== 1);
    const result = { name: node.name, order: identity(shape.length) };
    if (moving.every((axis, i) => i === 0 || axis > (moving[i - 1] as number))) {
      this.nodes.push({ ...node, inputs: [name] });
      return result;
    }
    if (!this.flattensForDense(node, from, order)) return undefined;
    this.nodes.push({ ...node, inputs: [name] });
    return result;
  }

  private flattensForDense(node: GraphNode, from: Shape, order: Permutation): boolean {
    const sizes = from.slice(1);
    const [target] = [this.shapeOf(node.name)];
    if (order[0] !== 0 || target.length !== 2 || sizes.includes(null) || target[1] !== (sizes as number[]).reduce((a, b) => a * b, 1)) return false;
    const [dense, ...others] = this.model.graph.nodes.filter(({ inputs }) => inputs.includes(node.name));
    if (dense?.op !== "matMul" || others.length > 0 || dense.attributes.transposeA || dense.attributes.transposeB || this.model.graph.outputs.includes(node.name)) return false;
    const [data, kernel] = dense.inputs as [string, string];
    const parameter = this.parameters.get(kernel);
    if (data !== node.name || parameter === undefined || this.readers.get(kernel) !== 1) return false;
    const back = inverse(order.slice(1).map((axis) => axis - 1));
    const columns = parameter.shape[1] as number;
    const permuted = permuteValues(this.weights.get(kernel) as WeightValues, [...(sizes as number[]), columns], [...back, sizes.length]);
    this.weights.set(kernel, permuted);
    return true;
  }

  /** A transpose of the last two axes is an attribute of a matrix product. */
  private swappedMatMul(node: GraphNode & { readonly op: "matMul" }): Held | undefined {
    const [a, b] = node.inputs.map((input) => this.heldOf(input)) as [Held, Held];
    const isSwap = ({ order }: Held): boolean => order.every((axis, i) => axis === (i < order.length - 2 ? i : 2 * order.length - 3 - i)) && order.length >= 2;
    if (!isSwap(a) && !isSwap(b)) return undefined;
    const { transposeA, transposeB } = node.attributes;
    this.nodes.push({
      ...node,
      inputs: [isSwap(a) ? a.name : this.ordered(node.inputs[0] as string), isSwap(b) ? b.name : this.ordered(node.inputs[1] as string)],
      attributes: { transposeA: transposeA !== isSwap(a), transposeB: transposeB !== isSwap(b) },
    });
    return { name: node.name, order: identity(this.shapeOf(node.name).length) };
  }

  private kept(node: GraphNode): Held {
    this.nodes.push({ ...node, inputs: node.inputs.map((input) => this.ordered(input)) });
    return { name: node.name, order: identity(this.shapeOf(node.name).length) };
  }

  /** The value in the old order of axes. */
  private ordered(name: string): string {
    const { name: source, order } = this.heldOf(name);
    if (isIdentity(order)) return source;
    const key = `${source}\n=${order.join(",")}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const wanted = this.producers.get(name)?.op === "transpose" ? name : this.freeName(`${name}/transposed`);
    const made = this.emit({ name: wanted, op: "transpose", inputs: [source], attributes: { permutation: order } });
    this.made.set(key, made);
    return made;
  }

  private emit(node: GraphNode): string {
    this.nodes.push(node);
    return node.name;
  }

  private heldOf(name: string): Held {
    return this.held.get(name) as Held;
  }

  private shapeOf(name: string): Shape {
    return this.shapes.get(name) as Shape;
  }

  private freeName(wanted: string): string {
    let free = wanted;
    for (let i = 1; this.names.has(free); i++) free = `${wanted}_${i}`;
    this.names.add(free);
    return free;
  }
}
