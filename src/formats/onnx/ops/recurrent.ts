/**
 * RNN, GRU and LSTM, unrolled over a sequence of a known length. Lengths that differ from example to example, and functions other
 * than the usual ones, are refused.
 */
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import { sliceAxis } from "./shapes.ts";
import type { Convert, Converters } from "./types.ts";
import { axesUpTo, requireKnown, reshapeTo, scalar, transpose } from "./types.ts";

const maxSteps = 1024;

type Activation = (x: string) => string;
type State = Readonly<Record<string, string | undefined>>;

interface Cell {
  /** x [batch, inputs] times W', with the input's biases: [batch, gates * hidden] */
  readonly input: (x: string) => string;
  readonly hidden: number;
  readonly node: OnnxNode;
  readonly r: Reading;
  /** R' [hidden, gates * hidden] */
  readonly recurrent: string;
  /** [gates * hidden], or none. */
  readonly recurrentBias: string | undefined;
  readonly activations: readonly Activation[];
  /** [3 * hidden]: of input, output and forget gate. */
  readonly peepholes: string | undefined;
}

type Step = (cell: Cell, x: string, state: State) => State;

const gate = ({ r, hidden }: Cell, all: string, index: number): string => sliceAxis(r, all, r.rankOf(all) - 1, index * hidden, hidden);
const times = (r: Reading, a: string, b: string): string => r.add("multiply", [a, b], {});
const plus = (r: Reading, a: string, b: string | undefined): string => (b === undefined ? a : r.add("add", [a, b], {}));
const product = (r: Reading, a: string, b: string): string => r.add("matMul", [a, b], { transposeA: false, transposeB: false });

/** The recurrent part of all gates at once; with no state yet it is only the bias. */
function recurrentOf(cell: Cell, h: string | undefined): string | undefined {
  if (h === undefined) return cell.recurrentBias;
  return plus(cell.r, product(cell.r, h, cell.recurrent), cell.recurrentBias);
}

const rnnStep: Step = (cell, x, { h }) => ({ h: (cell.activations[0] as Activation)(plus(cell.r, cell.input(x), recurrentOf(cell, h))) });

const gruStep: Step = (cell, x, { h }) => {
  const { r, hidden } = cell;
  const [f, g] = cell.activations as [Activation, Activation];
  const fromInput = cell.input(x);
  const isLinearBefore = cell.node.integer("linear_before_reset", 0) === 1;
  const fromState = recurrentOf(cell, h);
  const both = (index: number): string => plus(r, gate(cell, fromInput, index), fromState && gate(cell, fromState, index));
  const [update, reset] = [f(both(0)), f(both(1))];
  let candidate: string | undefined;
  if (isLinearBefore) candidate = fromState && times(r, reset, gate(cell, fromState, 2));
  else {
    const bias = cell.recurrentBias && gate(cell, cell.recurrentBias, 2);
    candidate = h === undefined ? bias : plus(r, product(r, times(r, reset, h), sliceAxis(r, cell.recurrent, 1, 2 * hidden, hidden)), bias);
  }
  const fresh = g(plus(r, gate(cell, fromInput, 2), candidate));
  const kept = times(r, scalar(r, "subtract", r.add("negate", [update], {}), -1), fresh);
  return { h: h === undefined ? kept : r.add("add", [kept, times(r, update, h)], {}) };
};

/** Gates in ONNX's order: input, output, forget, cell. */
const lstmStep: Step = (cell, x, { h, c }) => {
  const { r, peepholes } = cell;
  const [f, g, last] = cell.activations as [Activation, Activation, Activation];
  const all = plus(r, cell.input(x), recurrentOf(cell, h));
  const peep = (index: number, state: string | undefined): string => {
    const own = gate(cell, all, index);
    return peepholes === undefined || state === undefined ? own : r.add("add", [own, times(r, gate(cell, peepholes, index), state)], {});
  };
  const input = f(peep(0, c));
  const forget = f(peep(2, c));
  const fresh = times(r, input, g(gate(cell, all, 3)));
  const next = c === undefined ? fresh : r.add("add", [times(r, forget, c), fresh], {});
  return { h: times(r, f(peep(1, next)), last(next)), c: next };
};

function activationsOf(node: OnnxNode, r: Reading, defaults: readonly string[], direction: number): readonly Activation[] {
  const names = node.strings("activations")?.slice(direction * defaults.length, (direction + 1) * defaults.length) ?? defaults;
  if (node.has("clip")) throw node.refuse("it limits what its cells compute (clip)", "no limit");
  if (node.integer("input_forget", 0) === 1) throw node.refuse("its forget gate is its input gate (input_forget)", "gates of their own");
  const known: Readonly<Record<string, Activation>> = {
    sigmoid: (x) => r.add("sigmoid", [x], {}),
    tanh: (x) => r.add("tanh", [x], {}),
    relu: (x) => r.add("relu", [x], {}),
    softplus: (x) => r.add("softplus", [x], {}),
  };
  return names.map((name) => {
    const found = Object.hasOwn(known, name.toLowerCase()) ? known[name.toLowerCase()] : undefined;
    if (found === undefined) throw node.refuse(`its activation is ${name}`, "Sigmoid, Tanh, Relu or Softplus");
    return found;
  });
}

const recurrent =
  (gates: number, defaults: readonly string[], step: Step): Convert =>
  (node, r) => {
    const isBatchFirst = node.integer("layout", 0) === 1;
    const given = r.operand(node, 0);
    const sequence = isBatchFirst ? transpose(r, given, [1, 0, 2]) : given;
    const [steps, batch = null] = r.shapeOf(sequence);
    const length = requireKnown(node, steps, "the length of the sequence");
    if (length > maxSteps) throw node.refuse(`its sequence has ${length} steps`, `at most ${maxSteps}`);
    if (node.hasInput(4) && r.numbers(node, 4).some((each) => each !== length)) throw node.refuse("its sequences have lengths of their own", `${length} steps for each`);
    const direction = node.string("direction", "forward");
    const reversed = direction === "bidirectional" ? [false, true] : [direction === "reverse"];
    const hidden = requireKnown(node, r.shapeOf(r.operand(node, 2)).at(-1), "the number of hidden units");
    const xs = axesUpTo(length).map((t) => reshapeTo(node, r, sliceAxis(r, sequence, 0, t, 1), [batch, r.shapeOf(sequence)[2] ?? null]));

    const outputs = reversed.map((isReversed, index) => {
      // What belongs to this direction, without the axis of directions.
      const own = (input: number, kind: string): string | undefined => {
        if (!node.hasInput(input)) return undefined;
        const value = r.operand(node, input, kind);
        return reshapeTo(node, r, sliceAxis(r, value, 0, index, 1), r.shapeOf(value).slice(1));
      };
      const state = (input: number): string | undefined => {
        if (!node.hasInput(input)) return undefined;
        const value = isBatchFirst ? transpose(r, r.operand(node, input), [1, 0, 2]) : r.operand(node, input);
        return reshapeTo(node, r, sliceAxis(r, value, 0, index, 1), [batch ?? r.shapeOf(value)[1] ?? null, hidden]);
      };
      const weight = transpose(r, own(1, "weight_ih") as string, [1, 0]);
      const bias = own(3, "bias");
      const inputBias = bias && sliceAxis(r, bias, 0, 0, gates * hidden);
      const cell: Cell = {
        node,
        r,
        hidden,
        input: (x) => plus(r, product(r, x, weight), inputBias),
        recurrent: transpose(r, own(2, "weight_hh") as string, [1, 0]),
        recurrentBias: bias && sliceAxis(r, bias, 0, gates * hidden, gates * hidden),
        activations: activationsOf(node, r, defaults, index),
        peepholes: own(7, "weight_peephole"),
      };
      let current: State = { h: state(5), c: gates === 4 ? state(6) : undefined };
      const hs: string[] = [];
      for (const x of isReversed ? xs.toReversed() : xs) {
        current = step(cell, x, current);
        hs.push(current.h as string);
      }
      return { hs: isReversed ? hs.toReversed() : hs, last: current };
    });

    // [steps, directions, batch, hidden], or with the batch first [batch, steps, directions, hidden].
    const stack = (values: readonly string[], axis: number): string => {
      const wide = values.map((value) => reshapeTo(node, r, value, r.shapeOf(value).toSpliced(axis, 0, 1)));
      return wide.length === 1 ? (wide[0] as string) : r.add("concat", wide, { axis });
    };
    const byDirection = (pick: (output: (typeof outputs)[number]) => string): string => stack(outputs.map(pick), isBatchFirst ? 1 : 0);
    if (node.hasOutput(0)) r.bind(node, 0, stack(axesUpTo(length).map((t) => byDirection(({ hs }) => hs[t] as string)), isBatchFirst ? 1 : 0));
    if (node.hasOutput(1)) r.bind(node, 1, byDirection(({ last }) => last.h as string));
    if (node.hasOutput(2)) r.bind(node, 2, byDirection(({ last }) => last.c as string));
  };

export const recurrents: Converters = {
  RNN: recurrent(1, ["Tanh"], rnnStep),
  GRU: recurrent(3, ["Sigmoid", "Tanh"], gruStep),
  LSTM: recurrent(4, ["Sigmoid", "Tanh", "Tanh"], lstmStep),
};
