/** One op of an ONNX graph as the converters see it: its attributes by name and kind. It knows nothing of the graph around it. */
import { GraftError } from "../../core/errors.ts";
import type { AttributeValue, GraphProto, NodeProto, TensorProto } from "./messages.ts";

type Values = { readonly [Value in Exclude<AttributeValue, { kind: "unsupported" }> as Value["kind"]]: Value["value"] };

export class OnnxNode {
  /** `Conv`, or with its domain `com.microsoft.Gelu`. */
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What the file calls it; may be empty. */
  readonly name: string;
  private readonly attributes: ReadonlyMap<string, AttributeValue>;

  constructor({ name, opType, domain, inputs, outputs, attributes }: NodeProto) {
    this.opType = domain === "" || domain === "ai.onnx" ? opType : `${domain}.${opType}`;
    this.name = name;
    this.inputs = inputs;
    this.outputs = outputs;
    this.attributes = new Map(attributes.map((attribute) => [attribute.name, attribute.value]));
  }

  /** For errors. */
  get where(): string {
    return `node "${this.name === "" ? (this.outputs[0] ?? "") : this.name}" (${this.opType})`;
  }

  has(name: string): boolean {
    return this.attributes.has(name);
  }

  hasInput(index: number): boolean {
    return (this.inputs[index] ?? "") !== "";
  }

  /** Whether anything may read that output. */
  hasOutput(index: number): boolean {
    return (this.outputs[index] ?? "") !== "";
  }

  refuse(what: string, wanted?: string, next?: string): GraftError {
    return new GraftError({ where: this.where, what, wanted, next });
  }

  integer(name: string, fallback: number): number {
    return this.value(name, "int") ?? fallback;
  }

  float(name: string, fallback: number): number {
    const value = this.value(name, "float");
    return value === undefined ? fallback : shortest(value);
  }

  string(name: string, fallback: string): string {
    return this.value(name, "string") ?? fallback;
  }

  integers(name: string): readonly number[] | undefined {
    return this.value(name, "ints");
  }

  floats(name: string): readonly number[] | undefined {
    return this.value(name, "floats");
  }

  strings(name: string): readonly string[] | undefined {
    return this.value(name, "strings");
  }

  tensor(name: string): TensorProto | undefined {
    return this.value(name, "tensor");
  }

  graph(name: string): GraphProto | undefined {
    return this.value(name, "graph");
  }

  graphs(): readonly GraphProto[] {
    return [...this.attributes.values()].flatMap((value) => (value.kind === "graph" ? [value.value] : []));
  }

  private value<Kind extends keyof Values>(name: string, kind: Kind): Values[Kind] | undefined {
    const found = this.attributes.get(name);
    if (found === undefined) return undefined;
    // Older files have an empty list without its type.
    if (found.kind === "strings" && found.value.length === 0) return [] as unknown as Values[Kind];
    if (found.kind !== kind) throw this.refuse(`its attribute "${name}" is of kind ${found.kind}`, kind);
    return (found as unknown as { readonly value: Values[Kind] }).value;
  }
}

/** The shortest decimal that is the same float32: 0.00001 instead of 0.000009999999747378752. */
function shortest(value: number): number {
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
