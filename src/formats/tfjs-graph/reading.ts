/** The state of reading one TensorFlow graph: the graph so far, which of its values stands for which TensorFlow node, and the constants not yet placed. */
import { GraftError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { sizeOf } from "../../core/shape.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { inferShapes } from "../../graph/shapes.ts";
import type { OpAttributes, OpName, Parameter, WeightValues } from "../../graph/types.ts";
import { layerPath } from "../layer-names.ts";
import type { DecodedWeight } from "../tfjs-weights.ts";
import type { TfNode } from "./tf-nodes.ts";

/** Integer constants up to this size are written into the graph; more are data that belongs in no layer. */
const maxConstantSize = 1024;

export interface ReadingOptions {
  readonly stripPrefix: string;
  readonly dynamicImageSize: boolean;
}

export class Reading {
  readonly builder = new GraphBuilder();
  readonly options: ReadingOptions;
  private readonly stored: ReadonlyMap<string, DecodedWeight>;
  /** TensorFlow node -> value of the graph. */
  private readonly values = new Map<string, string>();
  private readonly constants = new Map<string, DecodedWeight>();
  private readonly weights = new Map<string, WeightValues>();
  /** Value -> path of the layer whose kernel made it, so that the bias that follows joins the layer. */
  private readonly layers = new Map<string, string>();
  private readonly reserved: ReadonlySet<string>;

  constructor(nodes: readonly TfNode[], stored: ReadonlyMap<string, DecodedWeight>, options: ReadingOptions) {
    this.options = options;
    this.stored = stored;
    this.reserved = new Set(nodes.filter(({ op }) => op !== "Const").map(({ name }) => this.clean(name)));
  }

  /** The name without the prefix that the options leave out. */
  clean(name: string): string {
    const { stripPrefix } = this.options;
    return stripPrefix !== "" && name.startsWith(stripPrefix) && name.length > stripPrefix.length ? name.slice(stripPrefix.length) : name;
  }

  /** Says that `node` is computed by the graph's `value`. */
  bind(node: TfNode, value: string): void {
    this.values.set(node.name, value);
  }

  /** `node` is computed by `source`, whatever that is. */
  alias(node: TfNode, source: string): void {
    const constant = this.constants.get(source);
    if (constant !== undefined) this.constants.set(node.name, constant);
    else this.bind(node, this.value(source));
  }

  /** Adds the op that is `node`, or, if `step` is given, one on the way to it. */
  add<Op extends OpName>(node: TfNode, op: Op, inputs: readonly string[], attributes: OpAttributes[Op], step?: string): string {
    const value = this.builder.add(step === undefined ? this.clean(node.name) : this.freeName(`${this.clean(node.name)}/${step}`), op, inputs, attributes);
    if (step === undefined) this.bind(node, value);
    return value;
  }

  rememberConstant(node: TfNode): void {
    const constant = this.stored.get(node.name);
    if (constant === undefined) throw new GraftError({ where: `node "${node.name}"`, what: "the weights have no numbers for this constant", next: "A weight file may be missing; get the model again." });
    this.constants.set(node.name, constant);
  }

  input(node: TfNode, index: number): string {
    const name = node.inputs[index];
    if (name === undefined) throw new GraftError({ where: `node "${node.name}" (${node.op})`, what: `it has ${node.inputs.length} inputs`, wanted: `at least ${index + 1}` });
    return name;
  }

  /** The numbers of a constant input: axes, sizes, paddings. */
  numbers(node: TfNode, index: number): readonly number[] {
    const name = this.input(node, index);
    const constant = this.constants.get(name);
    if (constant === undefined) throw new GraftError({ where: `node "${node.name}" (${node.op})`, what: `its input "${name}" is computed`, wanted: "a constant" });
    if (constant.values.length > maxConstantSize) throw new GraftError({ where: `node "${node.name}" (${node.op})`, what: `its input "${name}" has ${constant.values.length} numbers`, wanted: `at most ${maxConstantSize}` });
    return [...constant.values];
  }

  /**
   * The value of a TensorFlow node as an operand. A float constant is a parameter that can learn if it has several numbers, or is
   * the bias of `layer`; any other constant is fixed.
   */
  value(name: string, layer?: string): string {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const constant = this.constants.get(name);
    if (constant === undefined) throw new GraftError({ where: `node "${name}"`, what: "it has no value" });
    const { shape, values } = constant;
    if (values instanceof Float32Array && (values.length > 1 || layer !== undefined)) {
      return this.place(name, constant, layer === undefined ? this.clean(name) : `${layer}/bias`, "weight");
    }
    if (values.length > maxConstantSize) throw new GraftError({ where: `node "${name}"`, what: `it is a constant of ${values.length} integers`, wanted: `at most ${maxConstantSize}` });
    const value = this.builder.add(this.freeName(this.clean(name)), "constant", [], { shape, values: [...values], dtype: values instanceof Float32Array ? "float32" : "int32" });
    this.values.set(name, value);
    return value;
  }

  /** The constant `name` as the parameter `kind` of `layer`; if it is computed, or in use already, what it is. */
  parameter(name: string, layer: string, kind: string, role: Parameter["role"] = "weight"): string {
    const constant = this.constants.get(name);
    if (this.values.has(name) || constant === undefined) return this.value(name);
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
    return this.constants.get(name)?.shape.length === 1;
  }

  shapeOf(value: string): Shape {
    return inferShapes(this.builder.build([value])).get(value) ?? [];
  }

  weightsOf(parameter: string): WeightValues {
    return this.weights.get(parameter) ?? new Float32Array(0);
  }

  private place(name: string, { shape, values }: DecodedWeight, wanted: string, role: Parameter["role"]): string {
    if (!(values instanceof Float32Array) || values.length !== sizeOf(shape)) throw new GraftError({ where: `weight "${name}"`, what: "it is made of integers", wanted: "float32" });
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
