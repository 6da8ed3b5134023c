/** Ops on tokens in ONNX's: attention, positions, masks and pooling. None needs to know how many tokens there are, but for the timing signal. */
import { GraftError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { timingSignal } from "../../graph/timing-signal.ts";
import { dataTypeOf } from "./emitter.ts";
import { castTo, type Expansion, listedSizeOf, reduce, sizeOf } from "./expansion.ts";

/** Below every score, so that a masked token's weight is 0; where every token is masked, all weigh the same. */
const masked = -1e9;

export function attention(node: Expansion<"attention">): void {
  const { emit, name, inputs, attributes: { heads, scale, causal = false, keyValueHeads = heads } } = node;
  const [query, key, value, mask] = inputs as [string, string, string, string];
  const step = (opType: string, from: readonly string[], attributes = {}): string => emit.step(name, opType, from, attributes);
  // [batch, tokens, width] -> [batch, tokens, heads, width / heads]
  const heads4 = (x: string, count: number): string => step("Reshape", [x, emit.ints([0, 0, count, -1])]);
  const shared = (x: string): string => {
    const few = heads4(x, keyValueHeads);
    if (keyValueHeads === heads) return few;
    const many = step("Expand", [step("Unsqueeze", [few, emit.ints([3])]), emit.ints([1, 1, 1, heads / keyValueHeads, 1])]);
    return step("Reshape", [many, emit.ints([0, 0, heads, -1])]);
  };
  const queries = step("Transpose", [heads4(step("Mul", [query, emit.scalar(scale)]), heads)], { perm: [0, 2, 1, 3] });
  const scores = step("MatMul", [queries, step("Transpose", [shared(key)], { perm: [0, 2, 3, 1] })]);
  const bias = step("Unsqueeze", [step("Mul", [step("Sub", [emit.scalar(1), mask]), emit.scalar(masked)]), emit.ints([1, 2])]);
  const biased = step("Add", [scores, bias]);
  const weights = step("Softmax", [causal ? step("Add", [biased, futureBias(node)]) : biased], { axis: -1 });
  const mixed = step("MatMul", [weights, step("Transpose", [shared(value)], { perm: [0, 2, 1, 3] })]);
  emit.result(name, "Reshape", [step("Transpose", [mixed], { perm: [0, 2, 1, 3] }), emit.ints([0, 0, -1])]);
}

/** [tokens, keyTokens]: keeps a token from those after it. */
function futureBias(node: Expansion<"attention">): string {
  const { emit, name } = node;
  const range = (input: number, axis: number): string => emit.step(name, "Unsqueeze", [emit.step(name, "Range", [emit.int(0), sizeOf(node, input, 1), emit.int(1)]), emit.ints([axis])]);
  const isLater = emit.step(name, "Greater", [range(1, 0), range(0, 1)]);
  return emit.step(name, "Mul", [castTo(emit, name, isLater, "float32"), emit.scalar(2 * masked)]);
}

export function rotaryEmbedding({ emit, name, inputs, attributes: { heads, frequencies } }: Expansion<"rotaryEmbedding">): void {
  const [x, positions] = inputs as [string, string];
  const half = frequencies.length;
  const step = (opType: string, from: readonly string[], attributes = {}): string => emit.step(name, opType, from, attributes);
  const angles = step("Mul", [step("Unsqueeze", [castTo(emit, name, positions, "float32"), emit.ints([2, 3])]), emit.tensor(Float32Array.from(frequencies), [1, 1, 1, half])]);
  const [cos, sin] = [step("Cos", [angles]), step("Sin", [angles])];
  const split = step("Reshape", [x, emit.ints([0, 0, heads, 2 * half])]);
  const part = (begin: number): string => step("Slice", [split, emit.ints([begin]), emit.ints([begin + half]), emit.ints([3])]);
  const [first, second] = [part(0), part(half)];
  const turned = step("Concat", [step("Sub", [step("Mul", [first, cos]), step("Mul", [second, sin])]), step("Add", [step("Mul", [second, cos]), step("Mul", [first, sin])])], { axis: 3 });
  emit.result(name, "Reshape", [turned, emit.ints([0, 0, -1])]);
}

/** 1 where the id is not `paddingId`. */
function isToken({ emit, name, inputs }: Expansion<"paddingMask" | "positionIds">, paddingId: number): string {
  return emit.step(name, "Not", [emit.step(name, "Equal", [...inputs, emit.scalar(paddingId, "int32")])]);
}

export function paddingMask(node: Expansion<"paddingMask">): void {
  node.emit.result(node.name, "Cast", [isToken(node, node.attributes.paddingId)], { to: dataTypeOf("float32") });
}

export function positionIds(node: Expansion<"positionIds">): void {
  const { emit, name, inputs, attributes: { offset, paddingId } } = node;
  if (paddingId === undefined) {
    const ones = castTo(emit, name, emit.step(name, "Equal", [...inputs, ...inputs]), "int32");
    emit.result(name, "Add", [emit.step(name, "CumSum", [ones, emit.int(1)], { exclusive: 1 }), emit.scalar(offset, "int32")]);
    return;
  }
  const tokens = castTo(emit, name, isToken(node, paddingId), "int32");
  const counted = emit.step(name, "Mul", [emit.step(name, "CumSum", [tokens, emit.int(1)]), tokens]);
  emit.result(name, "Add", [counted, emit.scalar(paddingId, "int32")]);
}

export function addTimingSignal({ emit, name, inputs, shapes, attributes }: Expansion<"addTimingSignal">): void {
  const [x, mask] = inputs as [string, string];
  const [, tokens = null, width = null] = shapes[0] ?? [];
  if (tokens === null || width === null) throw new GraftError({ where: `exporting node "${name}"`, what: `its input has the shape ${formatShape(shapes[0] ?? [])}`, wanted: "a fixed number of tokens", next: "Export with a fixed input size" });
  const signal = emit.tensor(timingSignal(tokens, width, attributes), [1, tokens, width]);
  emit.result(name, "Add", [x, emit.step(name, "Mul", [emit.step(name, "Unsqueeze", [mask, emit.ints([2])]), signal])]);
}

export function maskedMean({ emit, name, inputs }: Expansion<"maskedMean">): void {
  const [x, mask] = inputs as [string, string];
  const kept = emit.step(name, "Mul", [x, emit.step(name, "Unsqueeze", [mask, emit.ints([2])])]);
  const count = emit.step(name, "Max", [emit.step(name, ...reduce(emit, "ReduceSum", mask, [1], true)), emit.scalar(1)]);
  emit.result(name, "Div", [emit.step(name, ...reduce(emit, "ReduceSum", kept, [1], false)), count]);
}

/** [sizes of x, but those of `like` at the axes] */
export function broadcastLike(node: Expansion<"broadcastLike">): void {
  const { emit, name, inputs, shapes, attributes: { axes } } = node;
  const shape = shapes[0] ?? [];
  const widened = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const sizes = shape.map((_, axis) => (widened.has(axis) ? listedSizeOf(node, 1, axis) : emit.ints([1])));
  emit.result(name, "Expand", [inputs[0] as string, emit.step(name, "Concat", sizes, { axis: 0 })]);
}
