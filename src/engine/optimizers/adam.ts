/**
 * Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), as torch.optim.Adam and AdamW with their
 * defaults. They differ in the decay: Adam adds it to the gradient, AdamW shrinks the parameter.
 */
import { tf, type Tensor } from "../tf.ts";
import type { UpdateRule } from "./rule.ts";

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

/** What a step needs to know of how young the averages are. */
function corrections(step: number): { readonly first: number; readonly secondRoot: number } {
  return { first: 1 - BETA_1 ** step, secondRoot: Math.sqrt(1 - BETA_2 ** step) };
}

export function adam({ decoupledDecay }: { readonly decoupledDecay: boolean }): UpdateRule {
  return {
    slots: ["mean", "square"],
    scalars: (step) => [1 / corrections(step).first, 1 / corrections(step).secondRoot],
    kernel: `
  let pull = gradient${decoupledDecay ? "" : " + decay * value"};
  let m = ${BETA_1} * mean[i] + ${1 - BETA_1} * pull;
  let v = ${BETA_2} * square[i] + ${1 - BETA_2} * pull * pull;
  mean[i] = m;
  square[i] = v;
  parameters[i] = value${decoupledDecay ? " * (1.0 - rate * decay)" : ""} - rate * scalars[0] * m / (sqrt(v) * scalars[1] + ${EPSILON});`,
    compose(parameter, gradient, [mean, square], { step, learningRate, weightDecay }, scalar) {
      const { first, secondRoot } = corrections(step);
      const pull = weightDecay === 0 || decoupledDecay ? gradient : tf.add(gradient, tf.mul(parameter, scalar(weightDecay)));
      const base = weightDecay === 0 || !decoupledDecay ? parameter : tf.mul(parameter, scalar(1 - learningRate * weightDecay));
      const nextMean = tf.add(tf.mul(mean as Tensor, scalar(BETA_1)), tf.mul(pull, scalar(1 - BETA_1)));
      const nextSquare = tf.add(tf.mul(square as Tensor, scalar(BETA_2)), tf.mul(tf.square(pull), scalar(1 - BETA_2)));
      const deviation = tf.add(tf.mul(tf.sqrt(nextSquare), scalar(1 / secondRoot)), scalar(EPSILON));
      return [tf.sub(base, tf.div(tf.mul(nextMean, scalar(learningRate / first)), deviation)), nextMean, nextSquare];
    },
    update(parameter, gradient, [mean, square], { step, learningRate, weightDecay }) {
      if (!mean || !square) throw new Error("Adam keeps two slots for each parameter.");
      const { first, secondRoot } = corrections(step);
      const rate = learningRate / first;
      const inverseRoot = 1 / secondRoot;
      const coupled = decoupledDecay ? 0 : weightDecay;
      const keep = decoupledDecay ? 1 - learningRate * weightDecay : 1;
      for (let i = 0; i < parameter.length; i++) {
        const value = parameter[i]!;
        const pull = gradient[i]! + coupled * value;
        const m = BETA_1 * mean[i]! + (1 - BETA_1) * pull;
        const v = BETA_2 * square[i]! + (1 - BETA_2) * pull * pull;
        mean[i] = m;
        square[i] = v;
        parameter[i] = keep * value - (rate * m) / (Math.sqrt(v) * inverseRoot + EPSILON);
      }
    },
  };
}
