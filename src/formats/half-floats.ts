/** Sixteen-bit floats to float32: IEEE 754 binary16, and bfloat16, which is the upper half of a float32. */

function valueOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Every half's value, made when first needed: a checkpoint has hundreds of millions of them. */
let valuesOfHalves: Float32Array | undefined;

export function float16ToFloat32(halves: Uint16Array): Float32Array {
  valuesOfHalves ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => valueOfHalf(half));
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = valuesOfHalves[halves[i] as number] as number;
  return values;
}

export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}
