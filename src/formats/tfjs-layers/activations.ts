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

/** No steps for a linear activation. */
export function activationSteps(call: LayerCall, activation: JsonCursor): readonly Step[] {
  if (activation.isMissing) return [];
  const given = typeof activation.value === "string" ? activation : activation.get("class_name");
  const name = given.string().replaceAll("_", "").toLowerCase();
  const op = plain.get(name);
  if (op !== undefined) return [step(op, {})];
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
      throw refuse(call, `its activation is "${given.string()}"`, `linear, ${[...plain.keys()].join(", ")}, gelu or hard_sigmoid`);
  }
}
