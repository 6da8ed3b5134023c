/**
 * Looking rows up in a table. Many tokens may add to the gradient of one row; WebGPU's segment sum adds them by atomics,
 * in any order, so there the gradient is a product with one-hot rows instead, and the same bits come out every time.
 */
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";

/** Elements of one-hot rows that are in memory at once (64 MB): the table is done in slices of so many rows. */
const ONE_HOT_ELEMENTS = 2 ** 24;

/** dY [tokens, width], ids [tokens] -> [vocabulary, width] */
function sumByProduct(dy: Tensor, ids: Tensor, vocabulary: number): Tensor {
  const rowsAtOnce = Math.max(1, Math.floor(ONE_HOT_ELEMENTS / ids.size));
  const slices: Tensor[] = [];
  for (let begin = 0; begin < vocabulary; begin += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, vocabulary - begin);
    slices.push(
      tf.tidy(() => {
        const local = begin === 0 ? ids : tf.sub(ids, tf.scalar(begin, "int32"));
        return tf.matMul(tf.oneHot(local as tf.Tensor1D, rows, 1, 0, "float32"), dy, true, false);
      }),
    );
  }
  return slices.length === 1 ? (slices[0] as Tensor) : tf.concat(slices, 0);
}

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
        const rows = tf.reshape(dy, [-1, width]);
        const flatIds = tf.reshape<tf.Rank.R1>(savedAt(saved, 0), [-1]);
        return tf.getBackend() === "webgpu" ? sumByProduct(rows, flatIds, vocabulary) : tf.unsortedSegmentSum(rows, flatIds, vocabulary);
      },
    }),
  );
}
