/**
 * The gradient of a table whose rows were looked up: one dispatch that adds the tokens of each row in their order, without
 * atomics on floats and without one-hot rows. The composed forms are in ../../ops/embedding.ts.
 *
 * A workgroup owns a block of table rows. Its threads look through all ids and mark the block's tokens in one bit each;
 * then each thread goes through the marks in order for its own columns, so that nobody else writes what it adds to.
 */
import type { Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { byLanes, flatGrid, flatWorkgroup } from "./lanes.ts";

const WORKGROUP = 64;
/** Fewer rows are more reading of ids, more rows are longer sums by fewer threads. */
const ROWS = 16;
/** 32 tokens each; more tokens are done in several rounds. */
const WORDS = 256;

const kernelFor = byLanes(({ element, code }) =>
  defineKernel({
    name: "embedding/gradient",
    inputs: { dy: element, ids: "i32" },
    outputs: { table: element },
    uniforms: { tokens: "u32", vocabulary: "u32", width: "u32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `
${code}
var<workgroup> marks: array<u32, ${WORDS}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let firstRow = ${flatWorkgroup} * ${ROWS}u;
  let endRow = min(firstRow + ${ROWS}u, uniforms.vocabulary);
  for (var column = local.x; column < uniforms.width; column += ${WORKGROUP}u) {
    for (var row = firstRow; row < endRow; row++) { table[row * uniforms.width + column] = Value(0.0); }
  }
  for (var begin = 0u; begin < uniforms.tokens; begin += ${WORDS * 32}u) {
    let words = min(${WORDS}u, (uniforms.tokens - begin + 31u) / 32u);
    workgroupBarrier();
    for (var word = local.x; word < words; word += ${WORKGROUP}u) {
      let first = begin + word * 32u;
      let count = min(32u, uniforms.tokens - first);
      var mark = 0u;
      for (var bit = 0u; bit < count; bit++) {
        let row = u32(ids[first + bit]);
        if (row >= firstRow && row < endRow) { mark |= 1u << bit; }
      }
      marks[word] = mark;
    }
    workgroupBarrier();
    for (var column = local.x; column < uniforms.width; column += ${WORKGROUP}u) {
      // Runs of one id, such as padding, are added up before they are written.
      var current = endRow;
      var sum = Value(0.0);
      for (var word = 0u; word < words; word++) {
        for (var mark = marks[word]; mark != 0u; mark &= mark - 1u) {
          let token = begin + word * 32u + firstTrailingBit(mark);
          let row = u32(ids[token]);
          if (row != current) {
            if (current < endRow) { table[current * uniforms.width + column] = sum; }
            current = row;
            sum = table[row * uniforms.width + column];
          }
          sum += dy[token * uniforms.width + column];
        }
      }
      if (current < endRow) { table[current * uniforms.width + column] = sum; }
    }
  }
}`,
  }),
);

/** dy [tokens, width], ids int32 [tokens] -> [vocabulary, width] */
export function embeddingGradient(dy: Tensor, ids: Tensor, vocabulary: number): Tensor {
  const width = dy.size / ids.size;
  const { kernel, lanes } = kernelFor(width);
  return kernel.run({
    inputs: { dy, ids },
    outputs: { table: [vocabulary, width] },
    uniforms: { tokens: ids.size, vocabulary, width: width / lanes.width },
    workgroups: flatGrid(Math.ceil(vocabulary / ROWS)),
  }).table;
}
