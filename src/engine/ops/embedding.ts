/**
 * Looking rows up in a table. Many tokens may add to the gradient of one row; WebGPU's segment sum adds them by atomics,
 * in any order, so there a kernel of ours adds them in theirs, and the same bits come out every time.
 */
import { embeddingGradient } from "../kernels/webgpu/embedding-gradient.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";

/** table [vocabulary, width], ids int32 [...] -> [..., width] */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  const [vocabulary, width] = table.shape as [number, number];
  return differentiable(
    { table },
    (save) => {
      save([ids]);
      return tf.gather(table, ids);
    },
    (dy, saved) => ({
      table: () => {
        if (tf.getBackend() === "webgpu") return embeddingGradient(dy, savedAt(saved, 0), vocabulary);
        return tf.unsortedSegmentSum(tf.reshape(dy, [-1, width]), tf.reshape<tf.Rank.R1>(savedAt(saved, 0), [-1]), vocabulary);
      },
    }),
  );
}
