/** Einsum of one or two tensors, as transposes, reshapes and one matrix product. Repeated letters in one tensor and ellipses are not read. */
import { formatShape } from "../../../core/shape.ts";
import { type Reading, refuse } from "../reading.ts";
import type { TfNode } from "../tf-nodes.ts";
import { rearrange } from "./reshape.ts";

interface Operand {
  readonly value: string;
  readonly labels: readonly string[];
}

export function einsum(node: TfNode, reading: Reading): void {
  const equation = node.attr.text("equation", "").replaceAll(" ", "");
  const [left = "", output] = equation.split("->");
  const terms = left.split(",").map((term) => [...term]);
  const wanted = [...(output ?? "")];
  const isPlain = [...terms, wanted].every((labels) => labels.every((label) => /[a-zA-Z]/.test(label)) && new Set(labels).size === labels.length);
  if (output === undefined || !isPlain || terms.length !== node.inputs.length || terms.length > 2) throw refuse(node, `its equation is "${equation}"`, 'one or two tensors of different letters each, as "abc,cd->abd"');
  const operands = terms.map((labels, i): Operand => {
    const value = reading.operand(node, i);
    const shape = reading.shapeOf(value);
    if (shape.length !== labels.length) throw refuse(node, `"${labels.join("")}" is ${formatShape(shape)}`, `${labels.length} dimensions`);
    return { value, labels };
  });
  // What only one operand has and nobody wants is summed first.
  const [a, b] = operands.map((operand, i) => sumOut(node, reading, operand, new Set([...wanted, ...(terms[1 - i] ?? [])])));
  if (a === undefined) throw refuse(node, "it has no inputs", "one or two");
  const result = b === undefined ? a : multiply(node, reading, a, b, wanted);
  if (result.labels.length !== wanted.length || !wanted.every((label) => result.labels.includes(label))) throw refuse(node, `its equation is "${equation}"`, "a result made of the inputs' letters");
  reading.bind(node, permute(node, reading, result, wanted));
}

function sumOut(node: TfNode, reading: Reading, { value, labels }: Operand, kept: ReadonlySet<string>): Operand {
  const axes = labels.flatMap((label, axis) => (kept.has(label) ? [] : [axis]));
  if (axes.length === 0) return { value, labels };
  return { value: reading.add(node, "sum", [value], { axes, keepDims: false }, "sum"), labels: labels.filter((label) => kept.has(label)) };
}

function permute(node: TfNode, reading: Reading, { value, labels }: Operand, order: readonly string[]): string {
  if (order.join("") === labels.join("")) return value;
  return reading.add(node, "transpose", [value], { permutation: order.map((label) => labels.indexOf(label)) }, "transposed");
}

function multiply(node: TfNode, reading: Reading, a: Operand, b: Operand, wanted: readonly string[]): Operand {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => wanted.includes(label));
  const inner = shared.filter((label) => !wanted.includes(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const sizes = new Map([...a.labels.map((label, i) => [label, reading.shapeOf(a.value)[i] ?? -1] as const), ...b.labels.map((label, i) => [label, reading.shapeOf(b.value)[i] ?? -1] as const)]);
  for (const label of batch) if (reading.shapeOf(a.value)[a.labels.indexOf(label)] === null) sizes.set(label, -1);
  const sizesOf = (labels: readonly string[]): number[] => labels.map((label) => sizes.get(label) as number);
  /** One size for many letters; -1 if one of them is open. */
  const merged = (labels: readonly string[]): number => (sizesOf(labels).includes(-1) ? -1 : sizesOf(labels).reduce((product, size) => product * size, 1));

  // A matrix serves every leading dimension of a, which then needs no merging.
  const leading = batch.length === 0 && columns.length + inner.length > 0 ? rows : undefined;
  const left = permute(node, reading, a, [...batch, ...rows, ...inner]);
  const right = permute(node, reading, b, [...batch, ...inner, ...columns]);
  const shaped = (value: string, shape: readonly number[], step: string): string => (reading.shapeOf(value).map((dim) => dim ?? -1).join() === shape.join() ? value : rearrange(node, reading, value, shape, step));
  const [x, y] = [shaped(left, [...sizesOf(batch), ...(leading && leading.length > 0 ? sizesOf(leading) : [merged(rows)]), merged(inner)], "left"), shaped(right, [...sizesOf(batch), merged(inner), merged(columns)], "right")];
  const product = reading.add(node, "matMul", [x, y], { transposeA: false, transposeB: false }, "product");
  const labels = [...batch, ...rows, ...columns];
  return { value: shaped(product, sizesOf(labels), "result"), labels };
}
