/** The state of reading one layers model: the graph so far, the weights not yet placed, and how a layer turns into named nodes. */
import { GraftError } from "../../core/errors.ts";
import type { DType, Shape } from "../../core/shape.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { inferDTypes, inferShapes } from "../../graph/shapes.ts";
import type { OpAttributes, OpName, Parameter, WeightValues } from "../../graph/types.ts";
import type { JsonCursor } from "../json-cursor.ts";
import type { DecodedWeight } from "../tfjs-weights.ts";

/** One call of a layer. A shared layer has several, with the same path. */
export interface LayerCall {
  readonly reading: LayersReading;
  readonly className: string;
  /** Path of nested models and the layer's name. */
  readonly path: string;
  readonly config: JsonCursor;
  /** Values of the graph. */
  readonly inputs: readonly string[];
}

/** One op applied to the value so far; `others` are its further inputs. */
export interface Step {
  readonly op: OpName;
  readonly attributes: OpAttributes[OpName];
  readonly others: readonly string[];
}

export function step<Op extends OpName>(op: Op, attributes: OpAttributes[Op], ...others: readonly string[]): Step {
  return { op, attributes, others };
}

export class LayersReading {
  readonly builder = new GraphBuilder();
  readonly weights = new Map<string, WeightValues>();
  private readonly stored: ReadonlyMap<string, DecodedWeight>;
  private readonly placed = new Map<string, string>();

  constructor(stored: ReadonlyMap<string, DecodedWeight>) {
    this.stored = stored;
  }

  /** Applies the steps one after the other; the last one bears the layer's name. */
  chain({ path }: LayerCall, x: string, steps: readonly Step[]): string {
    return steps.reduce((value, { op, attributes, others }, i) => {
      const name = i === steps.length - 1 ? path : `${path}/${op}`;
      return this.builder.add(this.builder.freeName(name), op, [value, ...others], attributes);
    }, x);
  }

  constant({ path }: LayerCall, values: readonly number[], shape: readonly number[] = []): string {
    return this.builder.add(this.builder.freeName(`${path}/constant`), "constant", [], { shape, values, dtype: "float32" });
  }

  /** The layer's weight that upstream calls `suffix`, as the parameter `kind`. */
  parameter(call: LayerCall, suffix: string, kind: string, role: Parameter["role"] = "weight"): string {
    const key = `${call.path}/${kind}`;
    const placed = this.placed.get(key);
    if (placed !== undefined) return placed;
    const { shape, values } = this.weight(call, suffix);
    const name = this.builder.parameter(this.builder.freeName(key), shape, { role });
    this.placed.set(key, name);
    this.weights.set(name, values);
    return name;
  }

  weight({ path }: LayerCall, suffix: string): DecodedWeight {
    const found = this.findWeight(path, suffix);
    if (found === undefined) throw new GraftError({ where: `layer "${path}"`, what: `the weights have no "${suffix}" for it`, next: "The weights may belong to another model; get the files again." });
    if (!(found.values instanceof Float32Array)) throw new GraftError({ where: `weight "${found.name}"`, what: "it is made of integers", wanted: "float32" });
    return found;
  }

  /**
   * Weights are named `layer/kernel`; within nested models the outer names may stand before, and Keras repeats the layer's name or
   * puts a scope between (`sequential/dense/dense/kernel`).
   */
  private findWeight(path: string, suffix: string): DecodedWeight | undefined {
    const layer = path.slice(path.lastIndexOf("/") + 1);
    const exact = this.stored.get(`${path}/${suffix}`) ?? this.stored.get(`${layer}/${suffix}`);
    if (exact !== undefined) return exact;
    const close = [...this.stored.values()].filter(({ name }) => name.endsWith(`/${suffix}`) && `/${name}`.includes(`/${layer}/`));
    return close.length === 1 ? close[0] : undefined;
  }

  shapeOf(value: string): Shape {
    return inferShapes(this.builder.build([value])).get(value) ?? [];
  }

  dtypeOf(value: string): DType {
    return inferDTypes(this.builder.build([value])).get(value) ?? "float32";
  }
}

export function refuse({ className, path }: LayerCall, what: string, wanted: string): GraftError {
  return new GraftError({ where: `layer "${path}" (${className})`, what, wanted });
}
