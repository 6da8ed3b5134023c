/**
 * Recurrent layers, unrolled over a known number of steps, in the arithmetic of tfjs-layers src/layers/recurrent.ts. States start
 * at zero; dropout is for training, which Graft does without here.
 */
import type { JsonCursor } from "../json-cursor.ts";
import { activationSteps } from "./activations.ts";
import { type LayerCall, refuse, step } from "./reading.ts";

/** More steps make a graph too long to run. */
const maxSteps = 256;

/** A step: what the input gives (kernel and bias applied), and the states before, none at the first step -> the states after; the first is the output. */
type Cell = (call: LayerCall, fromInput: string, states: readonly string[]) => readonly string[];

function apply(call: LayerCall, x: string, activation: JsonCursor, fallback: string): string {
  const steps = activationSteps(call, activation.isMissing ? activation.as(fallback) : activation);
  return call.reading.chain(call, x, steps, "step");
}

const gateOf = (call: LayerCall, x: string): string => apply(call, x, call.config.get("recurrent_activation"), "hard_sigmoid");
const activated = (call: LayerCall, x: string): string => apply(call, x, call.config.get("activation"), "tanh");

function plus(call: LayerCall, a: string, b: string): string {
  return call.reading.chain(call, a, [step("add", {}, b)], "step");
}

function times(call: LayerCall, a: string, b: string): string {
  return call.reading.chain(call, a, [step("multiply", {}, b)], "step");
}

/** The part of [batch, parts * units] that starts `from` parts in. */
function part(call: LayerCall, x: string, from: number, parts = 1): string {
  const units = call.config.get("units").integer(1);
  return call.reading.chain(call, x, [step("slice", { begin: [0, from * units], size: [-1, parts * units] })], "step");
}

function product(call: LayerCall, x: string, kernel: string): string {
  return call.reading.chain(call, x, [step("matMul", { transposeA: false, transposeB: false }, kernel)], "step");
}

const recurrentKernel = (call: LayerCall): string => call.reading.parameter(call, "recurrent_kernel", "recurrent_kernel");

const simple: Cell = (call, fromInput, [hidden]) => [activated(call, hidden === undefined ? fromInput : plus(call, fromInput, product(call, hidden, recurrentKernel(call))))];

const lstm: Cell = (call, fromInput, [hidden, carry]) => {
  const gates = hidden === undefined ? fromInput : plus(call, fromInput, product(call, hidden, recurrentKernel(call)));
  const [input, forget, candidate, output] = [0, 1, 2, 3].map((i) => part(call, gates, i)) as [string, string, string, string];
  const fresh = times(call, gateOf(call, input), activated(call, candidate));
  const next = carry === undefined ? fresh : plus(call, times(call, gateOf(call, forget), carry), fresh);
  return [times(call, gateOf(call, output), activated(call, next)), next];
};

/** z h + (1 - z) h', which is h' + z (h - h'). */
const gru: Cell = (call, fromInput, [hidden]) => {
  const [update, reset, candidate] = [0, 1, 2].map((i) => part(call, fromInput, i)) as [string, string, string];
  if (hidden === undefined) {
    const z = gateOf(call, update);
    return [times(call, call.reading.chain(call, call.reading.constant(call, [1]), [step("subtract", {}, z)], "step"), activated(call, candidate))];
  }
  const kernel = recurrentKernel(call);
  const fromHidden = product(call, hidden, part(call, kernel, 0, 2));
  const z = gateOf(call, plus(call, update, part(call, fromHidden, 0)));
  const r = gateOf(call, plus(call, reset, part(call, fromHidden, 1)));
  const proposed = activated(call, plus(call, candidate, product(call, times(call, r, hidden), part(call, kernel, 2))));
  const change = call.reading.chain(call, hidden, [step("subtract", {}, proposed)], "step");
  return [plus(call, proposed, times(call, z, change))];
};

/** [batch, steps, width] -> [batch, units], or [batch, steps, units] where sequences are returned. */
const unrolled =
  (cell: Cell) =>
  (call: LayerCall): string => {
    const { reading, config } = call;
    const [x, ...states] = call.inputs;
    if (x === undefined || states.length > 0) throw refuse(call, `it has ${call.inputs.length} inputs`, "one: states that start at zero");
    const [, steps = null, width = null] = reading.shapeOf(x);
    if (reading.shapeOf(x).length !== 3 || steps === null || width === null) throw refuse(call, "the number of its steps is not known", "a model with a fixed number of steps");
    if (steps > maxSteps) throw refuse(call, `it has ${steps} steps`, `at most ${maxSteps}`);
    if (reading.isMasked) throw refuse(call, "the model masks steps", "a model whose embedding has no mask_zero, and that has no Masking");
    for (const flag of ["return_state", "reset_after"]) if (config.get(flag).boolean(false)) throw refuse(call, `it has ${flag}`, "a layer without");

    const kernel = reading.parameter(call, "kernel", "kernel");
    const products = product(call, x, kernel);
    const fromInputs = config.get("use_bias").boolean(true) ? plus(call, products, reading.parameter(call, "bias", "bias")) : products;
    const size = reading.shapeOf(fromInputs).at(-1) ?? 0;
    const order = Array.from({ length: steps }, (_, i) => (config.get("go_backwards").boolean(false) ? steps - 1 - i : i));
    const outputs: string[] = [];
    let current: readonly string[] = [];
    for (const time of order) {
      const now = reading.chain(call, fromInputs, [step("slice", { begin: [0, time, 0], size: [-1, 1, -1] }), step("reshape", { shape: [-1, size] })], "step");
      current = cell(call, now, current);
      outputs.push(current[0] as string);
    }
    const last = outputs.at(-1) as string;
    if (!config.get("return_sequences").boolean(false)) return reading.chain(call, last, [step("reshape", { shape: [-1, reading.shapeOf(last)[1] ?? 0] })]);
    const units = reading.shapeOf(last)[1] ?? 0;
    const [first, ...more] = outputs.map((output) => reading.chain(call, output, [step("reshape", { shape: [-1, 1, units] })], "step")) as [string, ...string[]];
    return reading.chain(call, first, [step("concat", { axis: 1 }, ...more)]);
  };

export const simpleRnn = unrolled(simple);
export const lstmLayer = unrolled(lstm);
export const gruLayer = unrolled(gru);
