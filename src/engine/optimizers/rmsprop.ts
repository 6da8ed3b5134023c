/** RMSprop (Hinton, 2012) with momentum, as torch.optim.RMSprop (alpha 0.99, not centred). */
import { tf, type Tensor } from "../tf.ts";
import type { UpdateRule } from "./rule.ts";

const ALPHA = 0.99;
const EPSILON = 1e-8;

export function rmsprop(momentum: number): UpdateRule {
  const hasMomentum = momentum > 0;
  return {
    slots: hasMomentum ? ["square", "momentum"] : ["square"],
    scalars: () => [0],
    kernel: `
  let pull = gradient + decay * value;
  let v = ${ALPHA} * square[i] + ${1 - ALPHA} * pull * pull;
  square[i] = v;
  let scaled = pull / (sqrt(v) + ${EPSILON});
${
  hasMomentum
    ? `  let change = ${momentum} * momentum[i] + scaled;
  momentum[i] = change;`
    : "  let change = scaled;"
}
  parameters[i] = value - rate * change;`,
    compose(parameter, gradient, [square, velocity], { learningRate, weightDecay }, scalar) {
      const pull = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, scalar(weightDecay)));
      const nextSquare = tf.add(tf.mul(square as Tensor, scalar(ALPHA)), tf.mul(tf.square(pull), scalar(1 - ALPHA)));
      const scaled = tf.div(pull, tf.add(tf.sqrt(nextSquare), scalar(EPSILON)));
      const change = hasMomentum ? tf.add(tf.mul(velocity as Tensor, scalar(momentum)), scaled) : scaled;
      const next = tf.sub(parameter, tf.mul(change, scalar(learningRate)));
      return hasMomentum ? [next, nextSquare, change] : [next, nextSquare];
    },
    update(parameter, gradient, [square, velocity], { learningRate, weightDecay }) {
      if (!square) throw new Error("RMSprop keeps a slot for each parameter.");
      for (let i = 0; i < parameter.length; i++) {
        const pull = gradient[i]! + weightDecay * parameter[i]!;
        const v = ALPHA * square[i]! + (1 - ALPHA) * pull * pull;
        square[i] = v;
        let change = pull / (Math.sqrt(v) + EPSILON);
        if (velocity) velocity[i] = change += momentum * velocity[i]!;
        parameter[i] = parameter[i]! - learningRate * change;
      }
    },
  };
}
