/** Activations by the names that Keras and TensorFlow.js give them, as steps. */
import type { OpAttributes, OpName } from "../../graph/types.ts";
import type { JsonCursor } from "../json-cursor.ts";
import { type LayerCall, refuse, type Step, step } from "./reading.ts";

/** Those that are one op without attributes. */
const plain: ReadonlyMap<string, { [Op in OpName]: OpAttributes[Op] extends Readonly<Record<string, never>> ? Op : never }[OpName]> = new Map([
  ["relu", "relu"],
  ["relu6", "relu6"],
  ["elu", "elu"],
  ["sigmoid", "sigmoid"],
  ["tanh", "tanh"],
  ["softmax", "softmax"],
  ["softplus", "softplus"],
  ["swish", "silu"],
  ["silu", "silu"],
  ["exponential", "exp"],
]);

const composed: Readonly<Record<string, (call: LayerCall) => Step>> = {
  /** Klambauer et al. 2017 */
  selu: (call) => (x, name) => {
    const { reading } = call;
    const of = (value: number): string => reading.constant(call, [value]);
    const negative = reading.chain(call, x, [step("minimum", {}, of(0)), step("elu", {}), step("multiply", {}, of(1.6732632423543772))], "negative");
    const sum = reading.chain(call, x, [step("relu", {}), step("add", {}, negative)], "sum");
    return reading.builder.add(name, "multiply", [sum, of(1.0507009873554805)], {});
  },
  softsign: (call) => (x, name) => {
    const { reading } = call;
    return reading.builder.add(name, "divide", [x, reading.chain(call, x, [step("abs", {}), step("add", {}, reading.constant(call, [1]))], "size")], {});
  },
  mish: (call) => (x, name) => call.reading.builder.add(name, "multiply", [x, call.reading.chain(call, x, [step("softplus", {}), step("tanh", {})], "gate")], {}),
  /** Less its maximum, so that no exponential overflows. */
  logsoftmax: (call) => (x, name) => {
    const { reading } = call;
    const last = { axes: [reading.shapeOf(x).length - 1], keepDims: true };
    const shifted = reading.chain(call, x, [step("subtract", {}, reading.chain(call, x, [step("max", last)], "max"))], "shifted");
    return reading.builder.add(name, "subtract", [shifted, reading.chain(call, shifted, [step("exp", {}), step("sum", last), step("log", {})], "log")], {});
  },
};

/** No steps for a linear activation. */
export function activationSteps(call: LayerCall, activation: JsonCursor): readonly Step[] {
  if (activation.isMissing) return [];
  // Keras writes functions as {"class_name": "function", "config": "relu"}.
  const named = typeof activation.value === "string" ? activation : activation.get("class_name");
  const given = named.value === "function" ? activation.get("config") : named;
  const name = given.string().replaceAll("_", "").toLowerCase();
  const op = plain.get(name);
  if (op !== undefined) return [step(op, {})];
  const compose = Object.hasOwn(composed, name) ? composed[name] : undefined;
  if (compose !== undefined) return [compose(call)];
  switch (name) {
    case "linear":
      return [];
    case "gelu":
      return [step("gelu", { approximate: false })];
    case "gelunew":
      return [step("gelu", { approximate: true })];
    case "hardsigmoid": {
      // TensorFlow.js and Keras 2: clip(0.2 x + 0.5, 0, 1), which is not the graph's hardSigmoid.
      const { reading } = call;
      const of = (value: number): string => reading.constant(call, [value]);
      return [step("multiply", {}, of(0.2)), step("add", {}, of(0.5)), step("maximum", {}, of(0)), step("minimum", {}, of(1))];
    }
    default:
      throw refuse(call, `its activation is "${given.string()}"`, `linear, ${[...plain.keys(), ...Object.keys(composed)].join(", ")}, gelu or hard_sigmoid`);
  }
}
