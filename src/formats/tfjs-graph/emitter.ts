/** Collects the nodes and constants of a TensorFlow graph while ops are expanded into it, and gives each a name that TensorFlow.js accepts. */
import type { DType, Shape } from "../../core/shape.ts";
import type { Graph, WeightValues } from "../../graph/types.ts";
import { type AttrValue, dtypeName, type NodeDef, tensorShape, typeAttr } from "./node-def.ts";

export interface StoredConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: WeightValues;
  /** Whole numbers of -127 to 127, to be stored in a byte each. */
  readonly isInt8?: boolean;
}

type Attributes = Readonly<Record<string, AttrValue>>;

export class Emitter {
  readonly nodes: NodeDef[] = [];
  readonly constants: StoredConstant[] = [];
  private readonly names = new Map<string, string>();
  private readonly taken = new Set<string>();

  constructor(graph: Graph) {
    for (const { name } of [...graph.inputs, ...graph.parameters, ...graph.nodes]) this.names.set(name, this.claim(name));
  }

  /** What a name of the graph is called here: TensorFlow reads a colon as an output index and a caret as a control input. */
  nameOf(name: string): string {
    return this.names.get(name) ?? name;
  }

  placeholder(name: string, shape: Shape, dtype: DType): void {
    this.nodes.push({ name: this.nameOf(name), op: "Placeholder", attr: { dtype: typeAttr(dtype), shape: { shape: tensorShape(shape) } } });
  }

  /** A stored tensor with a name of the graph. */
  stored(name: string, shape: readonly number[], dtype: DType, values: WeightValues, isInt8 = false): string {
    return this.store(this.nameOf(name), shape, dtype, values, isInt8);
  }

  /** A helper constant of the node `owner`. */
  constant(owner: string, shape: readonly number[], dtype: DType, values: readonly number[] | Float32Array): string {
    return this.store(this.claim(`${owner}/constant`), shape, dtype, dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values));
  }

  ints(owner: string, values: readonly number[]): string {
    return this.constant(owner, [values.length], "int32", values);
  }

  float(owner: string, value: number): string {
    return this.constant(owner, [], "float32", [value]);
  }

  /** A step on the way to the node `owner`. */
  step(owner: string, op: string, inputs: readonly string[], attr: Attributes = {}): string {
    return this.push(this.claim(`${owner}/${op}`), op, inputs, attr);
  }

  /** The node that has the value of the graph's node `name`. */
  result(name: string, op: string, inputs: readonly string[], attr: Attributes = {}): void {
    this.push(this.nameOf(name), op, inputs, attr);
  }

  private push(name: string, op: string, inputs: readonly string[], attr: Attributes): string {
    this.nodes.push({ name, op, input: inputs, attr });
    return name;
  }

  private store(name: string, shape: readonly number[], dtype: DType, values: WeightValues, isInt8 = false): string {
    this.constants.push({ name, shape, dtype, values, isInt8 });
    this.nodes.push({ name, op: "Const", attr: { dtype: typeAttr(dtype), value: { tensor: { dtype: dtypeName(dtype), tensorShape: tensorShape(shape) } } } });
    return name;
  }

  private claim(name: string): string {
    const clean = name.replace(/[:^]/g, "_");
    let free = clean;
    for (let i = 1; this.taken.has(free); i++) free = `${clean}_${i}`;
    this.taken.add(free);
    return free;
  }
}
