/**
 * Looking rows up in a table. Many tokens may add to the gradient of one row; WebGPU's segment sum adds them by atomics,
 * in any order, so there a kernel of ours adds them in theirs, and the same bits come out every time.
 */
import { copyRows } from "../kernels/wasm/data-movement.ts";
import { embeddingGradient } from "../kernels/webgpu/embedding-gradient.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";

/** [tokens, width] and ids int32 [tokens] -> [vocabulary, width]: each row of the table is the sum of the tokens with its id. */
export function sumRowsById(rows: Tensor, ids: Tensor, vocabulary: number): Tensor {
  return tf.getBackend() === "webgpu" ? embeddingGradient(rows, ids, vocabulary) : tf.unsortedSegmentSum(rows, ids as tf.Tensor1D, vocabulary);
}

/** table [vocabulary, width], ids int32 [...] -> [..., width] */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  const [vocabulary, width] = table.shape as [number, number];
  return differentiable(
    { table },
    (save) => {
      save([ids]);
      return tf.getBackend() === "wasm" ? copyRows(table, ids) : tf.gather(table, ids);
    },
    (dy, saved) => ({
      table: () => sumRowsById(tf.reshape(dy, [-1, width]), tf.reshape(savedAt(saved, 0), [-1]), vocabulary),
    }),
  );
}
