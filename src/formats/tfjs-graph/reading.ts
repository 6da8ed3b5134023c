/** The state of reading one TensorFlow graph: the graph so far, what each TensorFlow output is in it, and the constants not yet placed. */
import { GraftError } from "../../core/errors.ts";
import type { DType, Shape } from "../../core/shape.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Graph, OpAttributes, OpName, Parameter, WeightValues } from "../../graph/types.ts";
import { layerPath } from "../layer-names.ts";
import type { DecodedWeight } from "../tfjs-weights.ts";
import { TypedBuilder } from "../typed-builder.ts";
import { isNumeric, type Known, knownWeight, product, type Size } from "./known.ts";
import type { TfNode } from "./tf-nodes.ts";

/** Integer constants up to this size are written into the graph; more are data that belongs in no layer. */
const maxConstantSize = 65536;

export interface ReadingOptions {
  readonly stripPrefix: string;
  readonly dynamicImageSize: boolean;
  /** Whether the batch of the inputs is open; else it is what the file says, or 1. */
  readonly freeBatch: boolean;
}

export function refuse(node: TfNode, what: string, wanted: string): GraftError {
  return new GraftError({ where: `node "${node.name}" (${node.op})`, what, wanted });
}

export class Reading {
  readonly options: ReadingOptions;
  /** All nodes that are read, by name. */
  readonly nodes: ReadonlyMap<string, TfNode>;
  private readonly builder = new TypedBuilder();
  private readonly stored: ReadonlyMap<string, DecodedWeight>;
  /** TensorFlow output (`name` or `name:1`) -> value of the graph. */
  private readonly values = new Map<string, string>();
  private readonly constants = new Map<string, Known>();
  private readonly weights = new Map<string, WeightValues>();
  /** Value -> path of the layer whose kernel made it, so that the bias that follows joins the layer. */
  private readonly layers = new Map<string, string>();
  /** Value of an open size -> how many times the batch that size is. */
  private readonly times = new Map<string, number>();
  private readonly reserved: ReadonlySet<string>;

  constructor(nodes: readonly TfNode[], stored: ReadonlyMap<string, DecodedWeight>, options: ReadingOptions) {
    this.options = options;
    this.stored = stored;
    this.nodes = new Map(nodes.map((node) => [node.name, node]));
    this.reserved = new Set(nodes.filter(({ op }) => op !== "Const").map(({ name }) => this.clean(name)));
  }

  /** The name without the prefix that the options leave out. */
  clean(name: string): string {
    const { stripPrefix } = this.options;
    return stripPrefix !== "" && name.startsWith(stripPrefix) && name.length > stripPrefix.length ? name.slice(stripPrefix.length) : name;
  }

  /** Says that an output of `node` is computed by the graph's `value`. */
  bind(node: TfNode, value: string, output = 0): void {
    this.values.set(output === 0 ? node.name : `${node.name}:${output}`, value);
  }

  /** Says that an output of `node` is known. */
  bindKnown(node: TfNode, known: Known, output = 0): void {
    this.constants.set(output === 0 ? node.name : `${node.name}:${output}`, known);
  }

  /** An output of `node` is `source`, whatever that is. */
  alias(node: TfNode, source: string, output = 0): void {
    const constant = this.constants.get(source);
    if (constant === undefined) this.bind(node, this.value(source), output);
    else this.bindKnown(node, constant, output);
  }

  addInput(node: TfNode, shape: Shape, dtype: DType): void {
    this.bind(node, this.builder.input(this.clean(node.name), shape, dtype));
  }

  /** Adds the op that is `node`, or, if `step` is given, one on the way to it. */
  add<Op extends OpName>(node: TfNode, op: Op, inputs: readonly string[], attributes: OpAttributes[Op], step?: string): string {
    const name = step === undefined ? this.clean(node.name) : this.freeName(`${this.clean(node.name)}/${step}`);
    const value = this.builder.add(name, op, inputs, attributes);
    if (step === undefined) this.bind(node, value);
    const shape = this.shapeOf(value);
    if (shape.includes(null)) {
      const [x = ""] = inputs;
      const times = op === "reshape" ? (this.timesOf(x) * sizeOf(this.shapeOf(x))) / sizeOf(shape) : Math.max(1, ...inputs.map((input) => this.timesOf(input)));
      this.times.set(value, times);
    }
    return value;
  }

  /** A fixed tensor of `node`'s own making. */
  constant(node: TfNode, values: readonly number[], dtype: DType = "float32", shape: readonly number[] = []): string {
    return this.builder.add(this.freeName(`${this.clean(node.name)}/constant`), "constant", [], { shape, values, dtype });
  }

  rememberConstant(node: TfNode): void {
    const constant = this.stored.get(node.name);
    if (constant === undefined) throw new GraftError({ where: `node "${node.name}"`, what: "the weights have no numbers for this constant", next: "A weight file may be missing; get the model again." });
    this.bindKnown(node, knownWeight(constant));
  }

  input(node: TfNode, index: number): string {
    const name = node.inputs[index];
    if (name === undefined) throw refuse(node, `it has ${node.inputs.length} inputs`, `at least ${index + 1}`);
    return name;
  }

  /** What is known of an output before the graph runs, if anything. */
  known(reference: string): Known | undefined {
    return this.constants.get(reference);
  }

  /** The numbers of a known input: axes, sizes, paddings. */
  numbers(node: TfNode, index: number): readonly number[] {
    const sizes = this.sizes(node, index);
    if (!isNumeric(sizes)) throw refuse(node, `its input "${this.input(node, index)}" depends on the size of the batch`, "a constant");
    return Array.from(sizes);
  }

  /** As `numbers`, where a number may be the batch. */
  sizes(node: TfNode, index: number): readonly Size[] {
    const name = this.input(node, index);
    const constant = this.constants.get(name);
    if (constant === undefined) throw refuse(node, `its input "${name}" is computed`, "a constant");
    if (constant.values.length > maxConstantSize) throw refuse(node, `its input "${name}" has ${constant.values.length} numbers`, `at most ${maxConstantSize}`);
    return Array.from<Size>(constant.values);
  }

  /**
   * The value of a TensorFlow output as an operand. A float constant is a parameter that can learn if it has several numbers, or
   * is the bias of `layer`; any other constant is fixed.
   */
  value(name: string, layer?: string): string {
    const placed = this.values.get(name);
    if (placed !== undefined) return placed;
    const constant = this.constants.get(name);
    if (constant === undefined) throw new GraftError({ where: `node "${name}"`, what: "it has no such output", wanted: "an output that its op has" });
    const { shape, dtype, values, isDerived } = constant;
    if (values instanceof Float32Array && !isDerived && (values.length > 1 || layer !== undefined)) {
      return this.place(name, constant, layer === undefined ? this.clean(name) : `${layer}/bias`, "weight");
    }
    if (!isNumeric(values)) throw new GraftError({ where: `node "${name}"`, what: "it computes with the size of the batch", wanted: "shapes alone to depend on it" });
    if (values.length > maxConstantSize) throw new GraftError({ where: `node "${name}"`, what: `it is a constant of ${values.length} integers`, wanted: `at most ${maxConstantSize}` });
    if (!Array.from(values).every(Number.isFinite)) throw new GraftError({ where: `node "${name}"`, what: "it is a constant that is not finite", wanted: "finite numbers" });
    const value = this.builder.add(this.freeName(this.clean(name).replace(":", "/")), "constant", [], { shape, values: Array.from(values), dtype });
    this.values.set(name, value);
    return value;
  }

  operand(node: TfNode, index: number): string {
    return this.value(this.input(node, index));
  }

  /** The constant `name` as the parameter `kind` of `layer`; if it is computed, or in use already, what it is. */
  parameter(name: string, layer: string, kind: string, role: Parameter["role"] = "weight"): string {
    const constant = this.constants.get(name);
    if (this.values.has(name) || constant === undefined || constant.isDerived) return this.value(name);
    return this.place(name, constant, `${layer}/${kind}`, role);
  }

  /** The layer that a weight belongs to by its name. */
  layerOf(name: string): string {
    return layerPath(this.clean(name));
  }

  setLayer(value: string, layer: string): void {
    this.layers.set(value, layer);
  }

  layerBehind(value: string): string | undefined {
    return this.layers.get(value);
  }

  isVector(name: string): boolean {
    const known = this.constants.get(name);
    return known?.shape.length === 1 && !known.isDerived;
  }

  shapeOf(value: string): Shape {
    return this.builder.shapeOf(value);
  }

  dtypeOf(value: string): DType {
    return this.builder.dtypeOf(value);
  }

  /** How many times the batch the open size of `value` is. */
  timesOf(value: string): number {
    return this.times.get(value) ?? 1;
  }

  /** The graph that computes these TensorFlow outputs. */
  build(outputs: readonly string[]): Graph {
    return this.builder.build(outputs.map((name) => this.value(name)));
  }

  weightsOf(parameter: string): WeightValues {
    return this.weights.get(parameter) ?? new Float32Array(0);
  }

  private place(name: string, { shape, values }: Known, wanted: string, role: Parameter["role"]): string {
    if (!(values instanceof Float32Array) || values.length !== product(shape)) throw new GraftError({ where: `weight "${name}"`, what: "it is made of integers", wanted: "float32" });
    const parameter = this.builder.parameter(this.freeName(wanted), shape, { role });
    this.weights.set(parameter, values);
    this.values.set(name, parameter);
    return parameter;
  }

  private freeName(wanted: string): string {
    let free = this.builder.freeName(wanted);
    for (let i = 1; this.reserved.has(free); i++) free = this.builder.freeName(`${wanted}_${i}`);
    return free;
  }
}
