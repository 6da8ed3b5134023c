/** How the MobileNets round a number of channels, from the code of their authors (tensorflow/models, slim). */

/** The multiple of `divisor` nearest to `channels`, never more than a tenth below it, at least `min`. */
export function divisible(channels: number, divisor = 8, min = divisor): number {
  const rounded = Math.max(min, Math.floor((channels + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * channels ? rounded + divisor : rounded;
}
