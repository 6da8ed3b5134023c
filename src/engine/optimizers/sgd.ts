/** Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0, no Nesterov). */
import { tf, type Tensor } from "../tf.ts";
import type { UpdateRule } from "./rule.ts";

export function sgd(momentum: number): UpdateRule {
  const hasMomentum = momentum > 0;
  return {
    slots: hasMomentum ? ["momentum"] : [],
    scalars: () => [0],
    kernel: hasMomentum
      ? `
  let change = gradient + decay * value + ${momentum} * momentum[i];
  momentum[i] = change;
  parameters[i] = value - rate * change;`
      : `
  parameters[i] = value - rate * (gradient + decay * value);`,
    compose(parameter, gradient, [velocity], { learningRate, weightDecay }, scalar) {
      const pull = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, scalar(weightDecay)));
      const change = hasMomentum ? tf.add(tf.mul(velocity as Tensor, scalar(momentum)), pull) : pull;
      const next = tf.sub(parameter, tf.mul(change, scalar(learningRate)));
      return hasMomentum ? [next, change] : [next];
    },
    update(parameter, gradient, [velocity], { learningRate, weightDecay }) {
      for (let i = 0; i < parameter.length; i++) {
        let change = gradient[i]! + weightDecay * parameter[i]!;
        if (velocity) velocity[i] = change += momentum * velocity[i]!;
        parameter[i] = parameter[i]! - learningRate * change;
      }
    },
  };
}
