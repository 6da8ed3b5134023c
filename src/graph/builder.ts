/** Grows a graph node by node and refuses a name used twice or an input that is not known yet, so that what it builds is in topological order. */
import { GraftError } from "../core/errors.ts";
import type { DType, Shape } from "../core/shape.ts";
import type { Graph, GraphInput, GraphNode, OpAttributes, OpName, Parameter } from "./types.ts";

export class GraphBuilder {
  private readonly inputs: GraphInput[];
  private readonly parameters: Parameter[];
  private readonly nodes: GraphNode[];
  private readonly names: Set<string>;

  /** Starts from a copy of `from`, whose outputs are forgotten. */
  constructor(from?: Graph) {
    this.inputs = [...(from?.inputs ?? [])];
    this.parameters = [...(from?.parameters ?? [])];
    this.nodes = [...(from?.nodes ?? [])];
    this.names = new Set([...this.inputs, ...this.parameters, ...this.nodes].map(({ name }) => name));
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** `name` itself, or with the first `_1`, `_2`, … that is free. */
  freeName(name: string): string {
    let free = name;
    for (let i = 1; this.names.has(free); i++) free = `${name}_${i}`;
    return free;
  }

  input(name: string, shape: Shape, dtype: DType): string {
    this.claim(name);
    this.inputs.push({ name, shape, dtype });
    return name;
  }

  parameter(name: string, shape: readonly number[], { dtype = "float32", role = "weight" }: { readonly dtype?: DType; readonly role?: Parameter["role"] } = {}): string {
    this.claim(name);
    this.parameters.push({ name, shape, dtype, role });
    return name;
  }

  add<Op extends OpName>(name: string, op: Op, inputs: readonly string[], attributes: OpAttributes[Op]): string {
    for (const input of inputs) this.expectKnown(input, `node "${name}" (${op})`);
    this.claim(name);
    this.nodes.push({ name, op, inputs, attributes } as GraphNode);
    return name;
  }

  build(outputs: readonly string[]): Graph {
    for (const output of outputs) this.expectKnown(output, "the graph's outputs");
    return { inputs: [...this.inputs], parameters: [...this.parameters], nodes: [...this.nodes], outputs: [...outputs] };
  }

  private claim(name: string): void {
    if (name === "") throw new GraftError({ where: "the graph", what: "a node, input or parameter has no name" });
    if (this.names.has(name)) throw new GraftError({ where: "the graph", what: `two things are named "${name}"`, wanted: "a name for each" });
    this.names.add(name);
  }

  private expectKnown(name: string, where: string): void {
    if (!this.names.has(name)) throw new GraftError({ where, what: `"${name}" is not known`, wanted: "the name of a graph input, a parameter or an earlier node" });
  }
}
