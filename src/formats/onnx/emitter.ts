/** Collects the nodes and initializers of an ONNX graph while ops are expanded into it, and gives each value a name of its own. */
import type { DType } from "../../core/shape.ts";
import type { WeightValues } from "../../graph/types.ts";
import { type AttributeProto, type AttributeValue, dataTypes, type NodeProto, type TensorProto } from "./messages.ts";

/** A number is an int, a list one of ints; floats and texts say so. */
export type Attributes = Readonly<Record<string, number | readonly number[] | AttributeValue>>;

export const float = (value: number): AttributeValue => ({ kind: "float", value });
export const text = (value: string): AttributeValue => ({ kind: "string", value });

function attributeProtos(attributes: Attributes): readonly AttributeProto[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "number") return { name, value: { kind: "int", value } };
    return "kind" in value ? { name, value } : { name, value: { kind: "ints", value } };
  });
}

export function dataTypeOf(dtype: DType): number {
  return dtype === "int32" ? dataTypes.int32 : dataTypes.float;
}

export class Emitter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  /** Of the standard's ops, which the expansions have to speak. */
  readonly opset: number;
  private readonly names = new Map<string, string>();
  private readonly taken = new Set<string>();
  private readonly constants = new Map<string, string>();

  constructor(opset: number) {
    this.opset = opset;
  }

  /** A name that nothing has yet: `wanted` itself, if it is free. */
  claim(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.taken.has(name); i++) name = `${wanted}_${i}`;
    this.taken.add(name);
    return name;
  }

  /** What a value of the graph is called here. */
  bind(value: string, name: string): string {
    this.names.set(value, name);
    return name;
  }

  nameOf(value: string): string {
    return this.names.get(value) ?? this.bind(value, this.claim(value));
  }

  stored(name: string, dims: readonly number[], values: WeightValues): void {
    // Every machine that runs a browser is little-endian, as the format is.
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.initializers.push({ name, dims, dataType: values instanceof Float32Array ? dataTypes.float : dataTypes.int32, data: { kind: "raw", bytes } });
  }

  private constant(key: string, dims: readonly number[], dataType: number, bytes: () => Uint8Array): string {
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.claim(`constant_${this.constants.size}`);
    this.constants.set(key, name);
    this.initializers.push({ name, dims, dataType, data: { kind: "raw", bytes: bytes() } });
    return name;
  }

  /** Sizes, axes and places, as ONNX takes them: int64. */
  ints(values: readonly number[]): string {
    return this.constant(`ints ${values.join()}`, [values.length], dataTypes.int64, () => new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  int(value: number): string {
    return this.constant(`int ${value}`, [], dataTypes.int64, () => new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
  }

  scalar(value: number, dtype: DType = "float32"): string {
    return this.constant(`${dtype} ${value}`, [], dataTypeOf(dtype), () => new Uint8Array((dtype === "int32" ? Int32Array.of(value) : Float32Array.of(value)).buffer));
  }

  tensor(values: WeightValues, dims: readonly number[]): string {
    const name = this.claim("constant_tensor");
    this.stored(name, dims, values);
    return name;
  }

  /** A step on the way to the node `owner`. */
  step(owner: string, opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.push(this.claim(`${owner}/${opType}`), opType, inputs, attributes);
  }

  /** The node that has the value of the graph's node `name`. */
  result(name: string, opType: string, inputs: readonly string[], attributes: Attributes = {}): void {
    this.push(this.nameOf(name), opType, inputs, attributes);
  }

  /** The same value under another name. */
  pass(from: string, to: string): void {
    this.push(to, "Identity", [from], {});
  }

  /** A node whose value is its second output. */
  second(owner: string, opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const name = this.claim(`${owner}/${opType}`);
    const first = this.claim(`${owner}/${opType}_values`);
    this.nodes.push({ name, opType, domain: "", inputs, outputs: [first, name], attributes: attributeProtos(attributes) });
    return name;
  }

  private push(name: string, opType: string, inputs: readonly string[], attributes: Attributes): string {
    this.nodes.push({ name, opType, domain: "", inputs, outputs: [name], attributes: attributeProtos(attributes) });
    return name;
  }
}
