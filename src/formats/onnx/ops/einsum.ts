/** Einsum as transposes, sums and one matrix product for each further operand. */
import type { Dim } from "../../../core/shape.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import type { Converters } from "./types.ts";
import { axesUpTo, requireKnown, reshapeTo, transpose } from "./types.ts";

interface Operand {
  readonly value: string;
  readonly labels: readonly string[];
}

/** `...ij` of a tensor of rank 4 -> ["0", "1", "i", "j"]; the last of the unnamed axes is always "0" counted from the right. */
function labelsOf(node: OnnxNode, term: string, rank: number): readonly string[] {
  const [before = "", after] = term.split("...");
  const named = before.length + (after?.length ?? 0);
  const labels = after === undefined ? [...before] : [...before, ...axesUpTo(rank - named).map((i) => String(rank - named - 1 - i)), ...after];
  if (labels.length !== rank || !/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) throw node.refuse(`"${term}" does not name ${rank} axes`);
  return labels;
}

function outputLabels(term: string | undefined, operands: readonly Operand[]): readonly string[] {
  const all = operands.flatMap(({ labels }) => labels);
  const unnamed = [...new Set(all.filter((label) => /\d/.test(label)))].sort((a, b) => Number(b) - Number(a));
  if (term === undefined) return [...unnamed, ...[...new Set(all)].filter((label) => !/\d/.test(label) && all.indexOf(label) === all.lastIndexOf(label)).sort()];
  const [before = "", after] = term.split("...");
  return after === undefined ? [...before] : [...before, ...unnamed, ...after];
}

/** An axis that is named twice: its diagonal. */
function diagonal(node: OnnxNode, r: Reading, { value, labels }: Operand): Operand {
  const first = labels.findIndex((label, i) => labels.indexOf(label, i + 1) !== -1);
  if (first === -1) return { value, labels };
  const second = labels.indexOf(labels[first] as string, first + 1);
  const size = requireKnown(node, r.shapeOf(value)[first], "the size of a diagonal");
  const rank = labels.length;
  r.claim(size * size * 8);
  const kept = axesUpTo(rank).filter((axis) => axis !== first && axis !== second);
  const square = transpose(r, value, [...kept, first, second]);
  const eye = r.constant(axesUpTo(size * size).map((i) => Number(i % (size + 1) === 0)), { shape: [size, size], dtype: r.dtypeOf(value) });
  const line = r.add("sum", [r.add("multiply", [square, eye], {})], { axes: [rank - 1], keepDims: false });
  return diagonal(node, r, { value: line, labels: [...kept.map((axis) => labels[axis] as string), labels[first] as string] });
}

function sumAway(r: Reading, { value, labels }: Operand, keep: (label: string) => boolean): Operand {
  const axes = labels.flatMap((label, axis) => (keep(label) ? [] : [axis]));
  return axes.length === 0 ? { value, labels } : { value: r.add("sum", [value], { axes, keepDims: false }), labels: labels.filter(keep) };
}

const arrange = (r: Reading, { value, labels }: Operand, order: readonly string[]): string => transpose(r, value, order.map((label) => labels.indexOf(label)));

const join = (dims: readonly Dim[]): Dim => dims.reduce<Dim>((product, dim) => (product === null || dim === null ? null : product * dim), 1);

/** Sums over what both have and nobody wants any more. */
function contract(node: OnnxNode, r: Reading, left: Operand, right: Operand, wanted: ReadonlySet<string>): Operand {
  const a = sumAway(r, left, (label) => wanted.has(label) || right.labels.includes(label));
  const b = sumAway(r, right, (label) => wanted.has(label) || left.labels.includes(label));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => wanted.has(label));
  const summed = shared.filter((label) => !wanted.has(label));
  const [rows, columns] = [a.labels.filter((label) => !shared.includes(label)), b.labels.filter((label) => !shared.includes(label))];
  const dimOf = (operand: Operand, label: string): Dim => r.shapeOf(operand.value)[operand.labels.indexOf(label)] ?? null;
  const dims = (operand: Operand, labels: readonly string[]): Dim[] => labels.map((label) => dimOf(operand, label));
  const matrixA = reshapeTo(node, r, arrange(r, a, [...batch, ...rows, ...summed]), [...dims(a, batch), join(dims(a, rows)), join(dims(a, summed))]);
  const matrixB = reshapeTo(node, r, arrange(r, b, [...batch, ...summed, ...columns]), [...dims(b, batch), join(dims(b, summed)), join(dims(b, columns))]);
  const product = r.add("matMul", [matrixA, matrixB], { transposeA: false, transposeB: false });
  const leading = r.shapeOf(product).slice(0, batch.length);
  return { value: reshapeTo(node, r, product, [...leading, ...dims(a, rows), ...dims(b, columns)]), labels: [...batch, ...rows, ...columns] };
}

function einsum(node: OnnxNode, r: Reading): string {
  const [terms = "", result] = node.string("equation", "").replaceAll(" ", "").split("->");
  const inputs = terms.split(",");
  if (inputs.length !== node.inputs.length) throw node.refuse(`its equation names ${inputs.length} tensors, it has ${node.inputs.length}`);
  const operands = inputs.map((term, i): Operand => {
    const value = r.operand(node, i);
    return diagonal(node, r, { value, labels: labelsOf(node, term, r.rankOf(value)) });
  });
  const output = outputLabels(result, operands);
  if (new Set(output).size !== output.length || !output.every((label) => operands.some(({ labels }) => labels.includes(label)))) throw node.refuse(`its result is "${result ?? ""}"`, "axes that its inputs have, once each");
  const [first, ...others] = operands as [Operand, ...Operand[]];
  const joined = others.reduce((left, right, i) => contract(node, r, left, right, new Set([...output, ...others.slice(i + 1).flatMap(({ labels }) => labels)])), first);
  const final = sumAway(r, joined, (label) => output.includes(label));
  return arrange(r, final, output);
}

export const einsums: Converters = { Einsum: einsum };
