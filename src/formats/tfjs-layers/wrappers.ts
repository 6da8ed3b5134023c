/** Layers around a layer: one that runs it forwards and backwards, and one that runs it on every step. */
import { type LayerCall, refuse, step } from "./reading.ts";

type ReadLayer = (call: LayerCall) => string;

function only(call: LayerCall): string {
  const [input] = call.inputs;
  if (input === undefined || call.inputs.length > 1) throw refuse(call, `it has ${call.inputs.length} inputs`, "one");
  return input;
}

const mergeModes = { sum: "add", mul: "multiply" } as const;

/** The backward layer reads from the end; its sequence is turned round again. Where only one is in the file, the other is its twin. */
export function bidirectional(call: LayerCall, read: ReadLayer): string {
  const { reading, config } = call;
  const wrapped = config.get("layer");
  const className = wrapped.get("class_name").string();
  const own = wrapped.get("config");
  const name = own.get("name").string();
  const backwards = !own.get("go_backwards").boolean(false);
  const [forward, backward] = [
    read({ ...call, className, config: own, path: `${call.path}/forward_${name.replace(/^forward_/, "")}` }),
    read({ ...call, className, config: own.with("go_backwards", backwards), path: `${call.path}/backward_${name.replace(/^forward_/, "")}` }),
  ];
  const turned = own.get("return_sequences").boolean(false) ? reading.chain(call, backward, [step("reverse", { axes: [1] })], "turned") : backward;
  const mode = config.get("merge_mode").string("concat");
  if (mode === "concat") return reading.chain(call, forward, [step("concat", { axis: reading.shapeOf(forward).length - 1 }, turned)]);
  if (mode === "sum" || mode === "mul") return reading.chain(call, forward, [step(mergeModes[mode], {}, turned)]);
  if (mode === "ave") return reading.chain(call, forward, [step("add", {}, turned), step("multiply", {}, reading.constant(call, [0.5]))]);
  throw refuse(call, `it merges by "${mode}"`, "concat, sum, mul or ave");
}

/** [batch, steps, ...] as [batch * steps, ...] through the layer, whose weights bear the name of this one, and back. */
export function timeDistributed(call: LayerCall, read: ReadLayer): string {
  const { reading } = call;
  const x = only(call);
  const [, steps = null, ...example] = reading.shapeOf(x);
  if (steps === null || example.length === 0 || example.includes(null)) throw refuse(call, "the number of its steps is not known", "a model with fixed sizes");
  const flat = reading.chain(call, x, [step("reshape", { shape: [-1, ...(example as number[])] })], "steps");
  const wrapped = call.config.get("layer");
  const config = wrapped.get("config");
  const result = read({ reading, className: wrapped.get("class_name").string(), config, path: call.path, inputs: [flat] });
  const [, ...shape] = reading.shapeOf(result);
  if (shape.includes(null)) throw refuse(call, "the size of its result is not known", "a model with fixed sizes");
  return reading.chain(call, result, [step("reshape", { shape: [-1, steps, ...(shape as number[])] })]);
}
