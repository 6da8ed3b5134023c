/** The sinusoidal positions that addTimingSignal adds, as numbers: the engine computes with them and the exported graph holds them as a constant. */
import type { OpAttributes } from "./types.ts";

/** -> [tokens, width], as get_timing_signal_1d of Tensor2Tensor (layers/common_attention.py); an odd width ends in a 0. */
export function timingSignal(tokens: number, width: number, { minTimescale, maxTimescale }: OpAttributes["addTimingSignal"]): Float32Array {
  const half = Math.floor(width / 2);
  const increment = Math.log(maxTimescale / minTimescale) / Math.max(half - 1, 1);
  const signal = new Float32Array(tokens * width);
  for (let position = 0; position < tokens; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * minTimescale * Math.exp(-i * increment);
      signal[position * width + i] = Math.sin(angle);
      signal[position * width + half + i] = Math.cos(angle);
    }
  }
  return signal;
}
