/**
 * Makes the WebGPU backend's products repeat bit for bit. For small results of long sums its product splits the sum over
 * workgroups that add up by atomics, in any order; here those cases run its program for small outputs instead. One
 * wrapped kernel for each that multiplies matrices within.
 */
import { tf } from "../../tf.ts";

/** MatMulProgramType.MatMulSmallOutputSizeProgram of tfjs-backend-webgpu 4.22 (dist/webgpu_util.js). */
const SMALL_OUTPUT_PROGRAM = 2;
const PACKED_PROGRAM = 3;
const AUTOMATIC = -1;
const PROGRAM_FLAG = "WEBGPU_MATMUL_PROGRAM_TYPE";

/** When the backend would split a sum (kernels/BatchMatMul_impl.js). */
const SPLIT_FROM_INNER_SIZE = 2000;
const REDUCED_UP_TO_OUTPUTS = 128;
/** Above so many tiles of 32 x 32, the device is busy without small tiles. */
const FEW_TILES = 64;

interface Product {
  readonly batch: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

function programFor({ batch, rows, inner, columns }: Product): number {
  if (batch !== 1 || inner < SPLIT_FROM_INNER_SIZE || rows * columns <= REDUCED_UP_TO_OUTPUTS) return AUTOMATIC;
  const tiles = Math.ceil(rows / 32) * Math.ceil(columns / 32);
  return tiles <= FEW_TILES ? SMALL_OUTPUT_PROGRAM : PACKED_PROGRAM;
}

type Inputs = Readonly<Record<string, tf.TensorInfo | undefined>>;
type Measure = (inputs: Inputs, attributes: Readonly<Record<string, unknown>>) => Product;

function shapeOf(inputs: Inputs, name: string): number[] {
  const tensor = inputs[name];
  if (tensor === undefined) throw new Error(`The kernel wants input "${name}".`);
  return tensor.shape;
}

const ofMatMul: Measure = (inputs, { transposeA, transposeB }) => {
  const a = shapeOf(inputs, "a");
  const b = shapeOf(inputs, "b");
  const [m, k] = a.slice(-2) as [number, number];
  const [p, n] = b.slice(-2) as [number, number];
  const batch = Math.max(tf.util.sizeFromShape(a.slice(0, -2)), tf.util.sizeFromShape(b.slice(0, -2)));
  return { batch, rows: transposeA ? k : m, inner: transposeA ? m : k, columns: transposeB ? p : n };
};

/** The products that a convolution of 1 x 1, or of the size of its input, becomes. */
const ofConvolution: Measure = (inputs) => {
  const [batch, height, width] = shapeOf(inputs, "x") as [number, number, number];
  const [filterHeight, filterWidth, inChannels, outChannels] = shapeOf(inputs, "filter") as [number, number, number, number];
  const whole = filterHeight === height && filterWidth === width;
  return whole
    ? { batch: 1, rows: batch, inner: height * width * inChannels, columns: outChannels }
    : { batch, rows: height * width, inner: inChannels, columns: outChannels };
};

const wrapped: readonly (readonly [string, Measure])[] = [
  [tf.BatchMatMul, ofMatMul],
  [tf._FusedMatMul, ofMatMul],
  [tf.Conv2D, ofConvolution],
  [tf.FusedConv2D, ofConvolution],
];

/** The wrapped kernels; the backend's own must be registered. */
export function repeatableProducts(): tf.KernelConfig[] {
  return wrapped.map(([name, measure]) => {
    const original = tf.getKernel(name, "webgpu");
    return {
      ...original,
      kernelFunc: (params) => {
        const program = programFor(measure(params.inputs, params.attrs ?? {}));
        if (program === AUTOMATIC) return original.kernelFunc(params);
        tf.env().set(PROGRAM_FLAG, program);
        try {
          return original.kernelFunc(params);
        } finally {
          tf.env().set(PROGRAM_FLAG, AUTOMATIC);
        }
      },
    };
  });
}
