/** A graph builder that knows the shape and the element type of every value as soon as it is there: readers decide by them what comes next. */
import { GraftError } from "../core/errors.ts";
import type { DType, Shape } from "../core/shape.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { inferDTypes, inferShapes } from "../graph/shapes.ts";
import type { Graph, GraphNode, OpAttributes, OpName, Parameter } from "../graph/types.ts";

export class TypedBuilder extends GraphBuilder {
  private readonly shapes = new Map<string, Shape>();
  private readonly dtypes = new Map<string, DType>();

  override input(name: string, shape: Shape, dtype: DType): string {
    super.input(name, shape, dtype);
    return this.remember(name, shape, dtype);
  }

  override parameter(name: string, shape: readonly number[], options: { readonly dtype?: DType; readonly role?: Parameter["role"] } = {}): string {
    super.parameter(name, shape, options);
    return this.remember(name, shape, options.dtype ?? "float32");
  }

  /** @throws GraftError naming the node and the shapes that do not fit. */
  override add<Op extends OpName>(name: string, op: Op, inputs: readonly string[], attributes: OpAttributes[Op]): string {
    super.add(name, op, inputs, attributes);
    const alone: Graph = {
      inputs: inputs.map((input) => ({ name: input, shape: this.shapeOf(input), dtype: this.dtypeOf(input) })),
      parameters: [],
      nodes: [{ name, op, inputs, attributes } as GraphNode],
      outputs: [],
    };
    return this.remember(name, inferShapes(alone).get(name) ?? [], inferDTypes(alone).get(name) ?? "float32");
  }

  shapeOf(name: string): Shape {
    const shape = this.shapes.get(name);
    if (shape === undefined) throw new GraftError({ where: "the graph", what: `"${name}" is not known` });
    return shape;
  }

  dtypeOf(name: string): DType {
    return this.dtypes.get(name) ?? "float32";
  }

  private remember(name: string, shape: Shape, dtype: DType): string {
    this.shapes.set(name, shape);
    this.dtypes.set(name, dtype);
    return name;
  }
}
