/**
 * Sums of products by a formula ("bqd,bkd->bqk"), composed of transposes, one matrix product and sums. TensorFlow.js takes
 * one or two operands and has no gradient for it on any backend.
 */
import { tf, type Tensor } from "../../tf.ts";
import { composed } from "./define.ts";

/** A tensor with a letter for each axis. */
interface Labelled {
  readonly x: Tensor;
  readonly letters: readonly string[];
}

const sizeOf = ({ x, letters }: Labelled, wanted: readonly string[]): number[] => wanted.map((letter) => x.shape[letters.indexOf(letter)] as number);
const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

/** Sums over every letter that is not among `kept`. */
function sumOut({ x, letters }: Labelled, kept: readonly string[]): Labelled {
  const axes = [...letters.keys()].filter((axis) => !kept.includes(letters[axis] as string));
  return axes.length === 0 ? { x, letters } : { x: tf.sum(x, axes), letters: letters.filter((letter) => kept.includes(letter)) };
}

/** The axes in the order of `wanted`, which has the same letters. */
function order({ x, letters }: Labelled, wanted: readonly string[]): Tensor {
  return wanted.join() === letters.join() ? tf.clone(x) : tf.transpose(x, wanted.map((letter) => letters.indexOf(letter)));
}

/** Both operands as batches of matrices: [shared and kept, own, shared and summed] by [shared and kept, shared and summed, own]. */
function contract(left: Labelled, right: Labelled, output: readonly string[]): Labelled {
  const shared = left.letters.filter((letter) => right.letters.includes(letter));
  const batch = shared.filter((letter) => output.includes(letter));
  const summed = shared.filter((letter) => !output.includes(letter));
  const ownLeft = left.letters.filter((letter) => !shared.includes(letter));
  const ownRight = right.letters.filter((letter) => !shared.includes(letter));
  const [batches, rows, columns] = [sizeOf(left, batch), sizeOf(left, ownLeft), sizeOf(right, ownRight)];
  const inner = product(sizeOf(left, summed));
  const a = tf.reshape(order(left, [...batch, ...ownLeft, ...summed]), [product(batches), product(rows), inner]);
  const b = tf.reshape(order(right, [...batch, ...summed, ...ownRight]), [product(batches), inner, product(columns)]);
  return { x: tf.reshape(tf.matMul(a, b), [...batches, ...rows, ...columns]), letters: [...batch, ...ownLeft, ...ownRight] };
}

export const einsum = composed<{ readonly equation: string }>(tf.Einsum, (inputs, { equation }) => {
  const tensors = Object.values(inputs);
  // Both throw where the formula does not fit the operands.
  const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
  const operands = tensors.map((x, index): Labelled => ({ x, letters: (idDims[index] as number[]).map((id) => allDims[id] as string) }));
  const output = [...(equation.replace(/\s/g, "").split("->")[1] as string)];
  const [left, right] = operands as [Labelled, Labelled | undefined];
  if (right === undefined) return order(sumOut(left, output), output);
  const reducedLeft = sumOut(left, [...output, ...right.letters]);
  const reducedRight = sumOut(right, [...output, ...left.letters]);
  return order(contract(reducedLeft, reducedRight, output), output);
});
