/** Which one number of a model's outputs is explained. [rows, outputs] -> [rows] each. */
import { tf, type Tensor } from "../tf.ts";

/** One output as it is: a label's logit, or a number. */
export function outputAt(index: number): (outputs: Tensor) => Tensor {
  return (outputs) => tf.squeeze(tf.slice(outputs, [0, index], [-1, 1]), [1]);
}

/** The log-odds of one class against all others: unlike its probability it is not flat where the model is sure, and unlike its logit it means something alone. */
export function logOddsOf(index: number): (logits: Tensor) => Tensor {
  return (logits) => {
    const [, classes] = logits.shape as [number, number];
    const others = [...Array(classes).keys()].filter((other) => other !== index).map((other) => tf.slice(logits, [0, other], [-1, 1]));
    return tf.sub(outputAt(index)(logits), tf.logSumExp(tf.concat(others, 1), 1));
  };
}
