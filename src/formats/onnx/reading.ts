/**
 * The state of reading one ONNX graph: the graph so far, which of its values stands for which ONNX value, and what is known
 * already while reading (weights not yet placed, sizes, axes). It knows no op; those are in ops/ and fold.ts.
 */
import { GraftError } from "../../core/errors.ts";
import { type DType, type Shape, sizeOf } from "../../core/shape.ts";
import { nodeDType, nodeShape } from "../../graph/shapes.ts";
import type { Graph, GraphInput, GraphNode, OpAttributes, OpName, Parameter, Weights, WeightValues } from "../../graph/types.ts";
import { type HostTensor, isFloat, normalizeAxis, product } from "./host-tensor.ts";
import { cleanName, weightPath } from "./names.ts";
import type { TensorProto } from "./messages.ts";
import type { OnnxNode } from "./node.ts";
import { type ExternalData, readTensor } from "./tensors.ts";

/** Integers up to this many are written into the graph; more are data that belongs in no layer. */
const maxConstantSize = 1 << 16;

/** Something known while reading. `weight` is the initializer that it is, perhaps turned or dequantised: then it can learn. */
export interface Known {
  readonly tensor: HostTensor;
  readonly weight?: string;
}

export interface ReadingOptions {
  readonly opset: number;
  /** What may be allocated for tensors that are computed while reading, in bytes. */
  readonly budgetBytes: number;
  /** The size of the batch that the file was made with, where the graph's is free; null where the file's own sizes hold. */
  readonly freedBatch: number | null;
  readonly external: ExternalData;
}

const openCount = (shape: Shape): number => shape.filter((dim) => dim === null).length;

/** A node whose name and inputs may still change. */
type Draft = { name: string; op: OpName; inputs: string[]; attributes: unknown };

export class Reading {
  readonly options: ReadingOptions;
  private readonly inputs: GraphInput[] = [];
  private readonly parameters: Parameter[] = [];
  private readonly nodes: Draft[] = [];
  private readonly weights = new Map<string, WeightValues>();
  private readonly names = new Set<string>();
  private readonly shapes = new Map<string, Shape>();
  private readonly dtypes = new Map<string, DType>();
  /** Value -> how many times the input's open size its only open size is; NaN where that is not known. */
  private readonly times = new Map<string, number>();
  /** ONNX value -> value of the graph. */
  private readonly values = new Map<string, string>();
  private readonly known = new Map<string, Known>();
  /** Weight and how it is laid out -> parameter. */
  private readonly placed = new Map<string, string>();
  /** ONNX value -> the node that made it. */
  private readonly producers = new Map<string, OnnxNode>();
  private readonly readers = new Map<string, number>();
  private path = "";
  private nodeStart = 0;
  /** ONNX value that the node under way makes first. */
  private mainOutput: string | null = null;
  private spentBytes = 0;

  constructor(options: ReadingOptions) {
    this.options = options;
  }

  get opset(): number {
    return this.options.opset;
  }

  // What ONNX values are.

  tensorOf(proto: TensorProto): HostTensor {
    return readTensor(proto, this.options.external);
  }

  addInput(name: string, shape: Shape, dtype: DType): void {
    const free = this.freeName(name === "" ? "input" : name);
    this.inputs.push({ name: free, shape, dtype });
    this.register(free, shape, dtype);
    this.values.set(name, free);
  }

  learn(name: string, known: Known): void {
    this.known.set(name, known);
  }

  knownOf(name: string): Known | undefined {
    return this.known.get(name);
  }

  /** `name` is whatever `source` is. */
  alias(name: string, source: string): void {
    const known = this.known.get(source);
    if (known !== undefined) this.known.set(name, known);
    const value = this.values.get(source);
    if (value !== undefined) this.values.set(name, value);
    if (known === undefined && value === undefined) throw new GraftError({ where: `value "${source}"`, what: "nothing computes it", next: "The file may be damaged; export the model again." });
    const producer = this.producers.get(source);
    if (producer !== undefined) this.producers.set(name, producer);
  }

  countReaders(nodes: readonly OnnxNode[]): void {
    for (const { inputs } of nodes) for (const name of inputs) this.readers.set(name, (this.readers.get(name) ?? 0) + 1);
  }

  readersOf(name: string): number {
    return this.readers.get(name) ?? 0;
  }

  producerOf(name: string): OnnxNode | undefined {
    return this.producers.get(name);
  }

  // What a converter asks for.

  /** The tensor that an input is, if that is known while reading. */
  host(node: OnnxNode, index: number): HostTensor | undefined {
    return this.known.get(node.inputs[index] ?? "")?.tensor;
  }

  /** The numbers of an input that has to be known: axes, paddings, a limit. */
  numbers(node: OnnxNode, index: number): readonly number[] {
    const numbers = this.sizes(node, index);
    if (numbers.some(Number.isNaN)) throw node.refuse(`its input "${node.inputs[index] ?? ""}" is computed from a size that is known only when the model runs`, "a constant", "Export the model with fixed sizes, or give the sizes.");
    return numbers;
  }

  /** The sizes that an input names. NaN is one that is not known: openSizeOf says whose it is. */
  sizes(node: OnnxNode, index: number): readonly number[] {
    const tensor = this.host(node, index);
    if (tensor === undefined) throw node.refuse(`its input "${node.inputs[index] ?? ""}" is computed`, "a constant", "Export the model with fixed sizes.");
    if (tensor.values.length > maxConstantSize) throw node.refuse(`its input "${node.inputs[index] ?? ""}" has ${tensor.values.length} numbers`, `at most ${maxConstantSize}`);
    return [...tensor.values];
  }

  /** Attribute or input, as the versions of an op have it. */
  axes(node: OnnxNode, attribute: string, index: number): readonly number[] | undefined {
    return node.integers(attribute) ?? (node.hasInput(index) ? this.numbers(node, index) : undefined);
  }

  /** An input as a value of the graph. A float weight becomes a parameter, called as its file says or else `kind` of the node's layer. */
  operand(node: OnnxNode, index: number, kind = "weight"): string {
    const name = node.inputs[index] ?? "";
    if (name === "") throw node.refuse(`it has no input ${index + 1}`);
    return this.valueOf(name, kind);
  }

  operands(node: OnnxNode): string[] {
    return node.inputs.map((_, index) => this.operand(node, index));
  }

  valueOf(name: string, kind = "weight"): string {
    const value = this.values.get(name);
    if (value !== undefined) return value;
    const known = this.known.get(name);
    if (known === undefined) throw new GraftError({ where: `value "${name}"`, what: "nothing computes it", next: "The file may be damaged; export the model again." });
    const placed = this.place(name, known, kind);
    this.values.set(name, placed);
    return placed;
  }

  /**
   * A weight in another layout: `arrange` turns it into what our op takes. If it is computed, or no weight, undefined.
   * @param layout names the arrangement: two nodes that want the same one share the parameter.
   */
  parameter(node: OnnxNode, index: number, kind: string, layout: string, arrange: (tensor: HostTensor) => HostTensor, role: Parameter["role"] = "weight"): string | undefined {
    const name = node.inputs[index] ?? "";
    const known = this.known.get(name);
    if (known === undefined || !isFloat(known.tensor)) return undefined;
    const key = `${known.weight ?? name}\n${name}\n${layout}`;
    const found = this.placed.get(key);
    if (found !== undefined) return found;
    const parameter = this.addParameter(weightPath(known.weight ?? name, this.path, kind), arrange(known.tensor), role);
    this.placed.set(key, parameter);
    return parameter;
  }

  shapeOf(value: string): Shape {
    return this.shapes.get(value) ?? [];
  }

  rankOf(value: string): number {
    return this.shapeOf(value).length;
  }

  /** How many times its input's open size (the batch) the only open size of a value is; NaN where that is not known. */
  timesOf(value: string): number {
    return openCount(this.shapeOf(value)) === 1 ? (this.times.get(value) ?? 1) : NaN;
  }

  dtypeOf(value: string): DType {
    return this.dtypes.get(value) ?? "float32";
  }

  // What a converter makes.

  add<Op extends OpName>(op: Op, inputs: readonly string[], attributes: OpAttributes[Op]): string {
    const name = this.freeName(`${this.path}/${op}`);
    const node = { name, op, inputs, attributes } as unknown as GraphNode;
    const shape = nodeShape(node, this.shapes);
    // Sizes that a damaged file made up would be allocated when the graph runs.
    if (product(shape.map((dim) => dim ?? 1)) > 2 ** 31) throw new GraftError({ where: `node "${this.path}"`, what: "its result would have more than two thousand million numbers" });
    this.nodes.push({ name, op, inputs: [...inputs], attributes });
    this.register(name, shape, nodeDType(node, this.dtypes));
    if (openCount(shape) > 0) this.times.set(name, this.timesOfResult(node, shape));
    return name;
  }

  /** A fixed tensor: a scalar without `shape`. Who computes many numbers claims them before. */
  constant(values: number | readonly number[], { shape, dtype = "float32" }: { readonly shape?: readonly number[]; readonly dtype?: DType } = {}): string {
    const list = typeof values === "number" ? [values] : values;
    return this.add("constant", [], { shape: shape ?? (typeof values === "number" ? [] : [list.length]), values: list, dtype });
  }

  begin(node: OnnxNode): void {
    this.path = cleanName(node.name === "" ? `${node.opType}_${node.outputs[0] ?? ""}` : node.name);
    this.nodeStart = this.nodes.length;
    this.mainOutput = null;
  }

  /** After the last op of a node: what makes its first output gets the node's own name. */
  end(): void {
    if (this.mainOutput !== null) this.nameAfterNode(this.values.get(this.mainOutput) as string);
    this.mainOutput = null;
  }

  /** Says that an output of `node` is `value`. */
  bind(node: OnnxNode, index: number, value: string): void {
    const output = node.outputs[index] ?? "";
    if (output === "") return;
    this.producers.set(output, node);
    this.values.set(output, value);
    if (index === 0) this.mainOutput = output;
  }

  bindKnown(node: OnnxNode, index: number, known: Known): void {
    const output = node.outputs[index] ?? "";
    if (output === "") return;
    this.producers.set(output, node);
    this.claim(known.tensor.values.byteLength);
    this.known.set(output, known);
  }

  /** Counts what is allocated while reading; what a damaged file makes up is refused before. */
  claim(bytes: number): void {
    this.spentBytes += bytes;
    if (!(this.spentBytes <= this.options.budgetBytes)) {
      throw new GraftError({ where: this.path === "" ? "the ONNX file" : `node "${this.path}"`, what: "its constants would take far more memory than the file has bytes", next: "The file may be damaged; get the model again." });
    }
  }

  model(outputs: readonly string[]): { readonly graph: Graph; readonly weights: Weights } {
    const graph: Graph = { inputs: this.inputs, parameters: this.parameters, nodes: this.nodes as unknown as readonly GraphNode[], outputs };
    return { graph, weights: this.weights };
  }

  private timesOfResult(node: GraphNode, shape: Shape): number {
    const from = (node.op === "broadcastLike" ? node.inputs.toReversed() : node.inputs).find((input) => openCount(this.shapeOf(input)) > 0) ?? "";
    const axis = shape.indexOf(null);
    if (node.op === "concat" && normalizeAxis(node.attributes.axis, shape.length) === axis) return NaN;
    if (node.op === "tile") return this.timesOf(from) * (node.attributes.repeats[axis] ?? 1);
    return node.op === "reshape" ? (this.timesOf(from) * sizeOf(this.shapeOf(from))) / sizeOf(shape) : this.timesOf(from);
  }

  private place(name: string, { tensor, weight }: Known, kind: string): string {
    const { shape, values } = tensor;
    // A lone number without dimensions is a setting of the model; all other floats of the file can learn.
    if (isFloat(tensor) && ((weight !== undefined && shape.length > 0) || values.length > maxConstantSize)) {
      const found = this.placed.get(`${name}\n`);
      if (found !== undefined) return found;
      const parameter = this.addParameter(weightPath(weight ?? name, this.path, kind), tensor, "weight");
      this.placed.set(`${name}\n`, parameter);
      return parameter;
    }
    if (values.length > maxConstantSize) throw new GraftError({ where: `value "${name}"`, what: `it is a constant of ${values.length} integers`, wanted: `at most ${maxConstantSize}` });
    if (weight === undefined && values.some(Number.isNaN)) {
      throw new GraftError({ where: `value "${name}"`, what: "it is made from a size that is known only when the model runs", next: "Export the model with fixed sizes, or give the sizes." });
    }
    return this.constant(isFloat(tensor) ? [...values] : [...values].map((value) => this.toInt32(name, value)), { shape, dtype: isFloat(tensor) ? "float32" : "int32" });
  }

  private toInt32(name: string, value: number): number {
    if (value !== (value | 0)) {
      // "To the end" and "none" are said with the largest and the smallest number.
      if (Math.abs(value) >= 2 ** 62) return value > 0 ? 2 ** 31 - 1 : -(2 ** 31);
      throw new GraftError({ where: `value "${name}"`, what: `it has the integer ${value}`, wanted: "integers of 32 bits" });
    }
    return value;
  }

  private addParameter(wanted: string, { shape, values }: HostTensor, role: Parameter["role"]): string {
    const name = this.freeName(wanted);
    this.parameters.push({ name, shape, dtype: "float32", role });
    this.weights.set(name, values instanceof Float32Array ? values : Float32Array.from(values));
    this.register(name, shape, "float32");
    return name;
  }

  private register(name: string, shape: Shape, dtype: DType): void {
    this.names.add(name);
    this.shapes.set(name, shape);
    this.dtypes.set(name, dtype);
  }

  private freeName(wanted: string): string {
    let free = wanted;
    for (let i = 1; this.names.has(free); i++) free = `${wanted}_${i}`;
    return free;
  }

  private nameAfterNode(value: string): void {
    const own = this.nodes.slice(this.nodeStart);
    let target = own.find(({ name }) => name === value);
    if (target === undefined) return;
    // Where the result is only turned back, the op before is what the node is.
    while (target.op === "transpose" || target.op === "reshape") {
      const before = own.find(({ name }) => name === target?.inputs[0]);
      if (before === undefined) break;
      target = before;
    }
    const [from, to] = [target.name, this.freeName(this.path)];
    this.names.delete(from);
    this.register(to, this.shapeOf(from), this.dtypeOf(from));
    target.name = to;
    for (const node of own) node.inputs = node.inputs.map((input) => (input === from ? to : input));
    for (const [name, mapped] of this.values) if (mapped === from) this.values.set(name, to);
  }
}
