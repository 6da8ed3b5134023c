/** The state of reading one layers model: the graph so far, the weights not yet placed, and how a layer turns into named nodes. */
import { GraftError } from "../../core/errors.ts";
import { type DType, formatShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { OpAttributes, OpName, Parameter, WeightValues } from "../../graph/types.ts";
import type { JsonCursor } from "../json-cursor.ts";
import type { DecodedWeight } from "../tfjs-weights.ts";
import { TypedBuilder } from "../typed-builder.ts";

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
interface OpStep {
  readonly op: OpName;
  readonly attributes: OpAttributes[OpName];
  readonly others: readonly string[];
}

/** An op, or what needs the value more than once: it adds its last op as `name`. */
export type Step = OpStep | ((value: string, name: string) => string);

export function step<Op extends OpName>(op: Op, attributes: OpAttributes[Op], ...others: readonly string[]): Step {
  return { op, attributes, others };
}

export class LayersReading {
  readonly builder = new TypedBuilder();
  readonly weights = new Map<string, WeightValues>();
  /** Whether a layer said that some steps are padding, which recurrent layers would pass over. */
  isMasked = false;
  private readonly stored: ReadonlyMap<string, DecodedWeight>;
  private readonly placed = new Map<string, string>();

  constructor(stored: ReadonlyMap<string, DecodedWeight>) {
    this.stored = stored;
  }

  /** Applies the steps one after the other. The last one bears the layer's name, unless it is a `stage` on the way. */
  chain({ path }: LayerCall, x: string, steps: readonly Step[], stage?: string): string {
    return steps.reduce((value, next, i) => {
      const between = typeof next === "function" ? "activation" : next.op;
      const name = this.builder.freeName(i < steps.length - 1 ? `${path}/${between}` : stage === undefined ? path : `${path}/${stage}`);
      return typeof next === "function" ? next(value, name) : this.builder.add(name, next.op, [value, ...next.others], next.attributes);
    }, x);
  }

  constant({ path }: LayerCall, values: readonly number[], shape: readonly number[] = []): string {
    return this.builder.add(this.builder.freeName(`${path}/constant`), "constant", [], { shape, values, dtype: "float32" });
  }

  /** The layer's weight that upstream calls `suffix`, as the parameter `kind`. `reshaped` gives it other dimensions for as many numbers. */
  parameter(call: LayerCall, suffix: string, kind: string, role: Parameter["role"] = "weight", reshaped: (shape: readonly number[]) => readonly number[] = (shape) => shape): string {
    const key = `${call.path}/${kind}`;
    const placed = this.placed.get(key);
    if (placed !== undefined) return placed;
    const stored = this.weight(call, suffix);
    const { values } = stored;
    const shape = reshaped(stored.shape);
    if (sizeOf(shape) !== values.length) throw new GraftError({ where: `weight "${stored.name}"`, what: `its shape is ${formatShape(stored.shape)}`, wanted: `another for a ${call.className} layer` });
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
    return this.builder.shapeOf(value);
  }

  dtypeOf(value: string): DType {
    return this.builder.dtypeOf(value);
  }
}

export function refuse({ className, path }: LayerCall, what: string, wanted: string): GraftError {
  return new GraftError({ where: `layer "${path}" (${className})`, what, wanted });
}
