/**
 * Random numbers by their index instead of one after another, so that a GPU's threads and a loop in JavaScript draw the
 * same ones. Seeds come from Rng; the WGSL twin of this function is in engine/kernels/webgpu/dropout.ts.
 *
 * pcg4d of M. Jarzynski and M. Olano, Hash Functions for GPU Rendering, JCGT 9 (3), 2020. Not for cryptography.
 */

/** Replaces the four words of `state` by their hash, each uniform over 0 .. 2^32 - 1. */
export function pcg4d(state: Uint32Array): void {
  let x = (Math.imul(state[0]!, 1664525) + 1013904223) | 0;
  let y = (Math.imul(state[1]!, 1664525) + 1013904223) | 0;
  let z = (Math.imul(state[2]!, 1664525) + 1013904223) | 0;
  let w = (Math.imul(state[3]!, 1664525) + 1013904223) | 0;
  // Twice the same four lines: a training step draws millions, and a closure over these variables would keep them out of registers.
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  state[0] = x;
  state[1] = y;
  state[2] = z;
  state[3] = w;
}
