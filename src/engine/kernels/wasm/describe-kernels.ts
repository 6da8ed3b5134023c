/**
 * What training code in plain TensorFlow.js calls gives the same on wasm as on the cpu backend, values and gradients. PyTorch's
 * goldens of the graph's ops are in ../../ops; here are the kernels that those do not reach, or reach in one form only.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "../../../core/testing/to-be-all-close.ts";
import type { BackendName } from "../../../core/backends.ts";
import { memory, useBackend } from "../../backend.ts";
import { tf, type Tensor } from "../../tf.ts";

interface KernelCase {
  readonly name: string;
  /** Shapes of float inputs, each filled with a wave of its own. */
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...inputs: Tensor[]) => Tensor;
  /** False where TensorFlow.js has no gradient for it. */
  readonly differentiable?: boolean;
}

type Four = tf.Tensor4D;
type Pair = [number, number];

const ids = (values: readonly number[], shape: number[] = [values.length]): Tensor => tf.tensor([...values], shape, "int32");

function convCases(): KernelCase[] {
  const found: KernelCase[] = [];
  for (const [pad, strides, kernel] of [["same", [1, 1], [3, 2]], ["same", [2, 2], [3, 3]], ["valid", [2, 1], [2, 3]], ["valid", [1, 1], [1, 1]], ["same", [3, 2], [1, 2]]] as const) {
    const name = `${pad}, strides ${strides.join(" x ")}, filter ${kernel.join(" x ")}`;
    for (const batch of [1, 3]) {
      found.push(
        { name: `conv2d: ${name}, batch ${batch}`, shapes: [[batch, 7, 6, 5], [...kernel, 5, 9]], run: (x, filter) => tf.conv2d(x as Four, filter as Four, strides as unknown as Pair, pad) },
        // 4 + 3 channels: whole vectors and a rest.
        ...(strides[0] === strides[1]
          ? [1, 3].map((multiplier) => ({
              name: `depthwiseConv2d: ${name}, multiplier ${multiplier}, batch ${batch}`,
              shapes: [[batch, 7, 6, 7], [...kernel, 7, multiplier]],
              run: (x: Tensor, filter: Tensor) => tf.depthwiseConv2d(x as Four, filter as Four, strides as unknown as Pair, pad),
            }))
          : []),
      );
    }
  }
  return found;
}

const einsumCases: KernelCase[] = (
  [
    ["ij->ji", [3, 5]],
    ["ijk->j", [3, 5, 2]],
    ["i,i->", [7], [7]],
    ["i,j->ji", [3], [5]],
    ["ij,jk->ik", [3, 4], [4, 5]],
    ["bqhd,bkhd->bhqk", [2, 3, 4, 5], [2, 6, 4, 5]],
    ["bhqk,bkhd->bqhd", [2, 4, 3, 6], [2, 6, 4, 5]],
    ["abc,cde->abde", [2, 3, 4], [4, 5, 2]],
    ["abx,cay->cb", [2, 3, 4], [5, 2, 3]],
    ["ab,ab->ba", [3, 4], [3, 4]],
  ] as [string, ...number[][]][]
).map(([equation, ...shapes]) => ({ name: `einsum: ${equation}`, shapes, run: (...inputs) => tf.einsum(equation, ...inputs), differentiable: false }));

const kernelCases: readonly KernelCase[] = [
  ...convCases(),
  ...einsumCases,
  { name: "conv2dTranspose", shapes: [[2, 4, 3, 5], [3, 2, 4, 5]], run: (x, filter) => tf.conv2dTranspose(x as Four, filter as Four, [2, 8, 6, 4], 2, "same") },
  { name: "separableConv2d", shapes: [[2, 5, 6, 3], [3, 3, 3, 2], [1, 1, 6, 5]], run: (x, depth, point) => tf.separableConv2d(x as Four, depth as Four, point as Four, 1, "same") },
  { name: "conv1d", shapes: [[2, 9, 3], [4, 3, 5]], run: (x, filter) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 2, "same") },
  { name: "unsortedSegmentSum, ids out of range and repeated", shapes: [[6, 2, 3]], run: (x) => tf.unsortedSegmentSum(x, ids([4, 1, 4, 0, -1, 1]) as tf.Tensor1D, 5) },
  { name: "gather of rows", shapes: [[5, 3]], run: (x) => tf.gather(x, ids([4, 0, 4, 2], [2, 2])) },
  { name: "gather along the last axis", shapes: [[2, 5, 3]], run: (x) => tf.gather(x, ids([2, 0, 2, 1]), 2) },
  { name: "gatherND", shapes: [[4, 3, 2]], run: (x) => tf.gatherND(x, ids([1, 2, 3, 0], [2, 2])), differentiable: false },
  { name: "oneHot: floats", shapes: [], run: () => tf.oneHot(ids([2, 0, -1, 9], [2, 2]), 3, 0.75, 0.25, "float32") },
  { name: "oneHot: whole numbers", shapes: [], run: () => tf.oneHot(ids([2, 0, 1]), 4) },
  { name: "oneHot: booleans", shapes: [], run: () => tf.oneHot(ids([2, 0, 1]), 4, 1, 0, "bool") },
  { name: "matMul, a transposed", shapes: [[4, 3], [4, 5]], run: (a, b) => tf.matMul(a, b, true, false) },
  { name: "matMul, a transposed, many rows, sizes of no whole tile", shapes: [[301, 11], [301, 15]], run: (a, b) => tf.matMul(a, b, true, false) },
  { name: "matMul of batches, a transposed, more columns than are copied together", shapes: [[2, 131, 301], [2, 131, 11]], run: (a, b) => tf.matMul(a, b, true, false) },
  { name: "matMul of batches, a transposed, one side repeated", shapes: [[1, 5, 3], [2, 5, 9]], run: (a, b) => tf.matMul(a, b, true, false), differentiable: false },
  { name: "matMul of batches, both transposed", shapes: [[2, 4, 3], [2, 5, 4]], run: (a, b) => tf.matMul(a, b, true, true) },
  { name: "matMul of batches, b transposed", shapes: [[2, 3, 4], [2, 5, 4]], run: (a, b) => tf.matMul(a, b, false, true) },
  { name: "matMul, one matrix by a batch", shapes: [[1, 3, 4], [2, 4, 5]], run: (a, b) => tf.matMul(a, b), differentiable: false },
  { name: "matMul of one row", shapes: [[1, 301], [301, 15]], run: (a, b) => tf.matMul(a, b) },
  { name: "matMul of one row, b transposed, sizes of no whole vector", shapes: [[1, 23], [7, 23]], run: (a, b) => tf.matMul(a, b, false, true) },
  { name: "matMul of one row, b transposed, less than a vector", shapes: [[1, 3], [9, 3]], run: (a, b) => tf.matMul(a, b, false, true) },
  { name: "matMul of one row, both transposed", shapes: [[6, 1], [5, 6]], run: (a, b) => tf.matMul(a, b, true, true) },
  { name: "matMul of batches of one row", shapes: [[2, 3, 1, 5], [2, 3, 5, 6]], run: (a, b) => tf.matMul(a, b) },
  { name: "matMul of batches of one row, b transposed", shapes: [[2, 3, 1, 5], [2, 3, 6, 5]], run: (a, b) => tf.matMul(a, b, false, true) },
  { name: "matMul of one row, b transposed, one matrix for a batch", shapes: [[4, 1, 5], [1, 6, 5]], run: (a, b) => tf.matMul(a, b, false, true), differentiable: false },
  { name: "matMul, one row for a batch of matrices", shapes: [[1, 1, 5], [3, 5, 6]], run: (a, b) => tf.matMul(a, b), differentiable: false },
  { name: "fused matMul", shapes: [[3, 4], [4, 5], [5]], run: (a, b, bias) => tf.fused.matMul({ a: a, b: b, bias, activation: "relu" }) },
  { name: "fused conv2d", shapes: [[2, 5, 6, 3], [3, 3, 3, 4], [4]], run: (x, filter, bias) => tf.fused.conv2d({ x: x as Four, filter: filter as Four, strides: 1, pad: "same", bias, activation: "relu6" }) },
  { name: "fused depthwiseConv2d", shapes: [[2, 5, 6, 3], [3, 3, 3, 1], [3]], run: (x, filter, bias) => tf.fused.depthwiseConv2d({ x: x as Four, filter: filter as Four, strides: 2, pad: "same", bias, activation: "relu" }) },
  { name: "batchNorm", shapes: [[2, 3, 4, 5], [5], [5], [5], [5]], run: (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, tf.square(variance), offset, scale) },
  { name: "maxPool with negative maxima", shapes: [[2, 5, 6, 3]], run: (x) => tf.maxPool(tf.sub<Four>(x, 3), [3, 2], 2, "same") },
  { name: "avgPool", shapes: [[2, 5, 6, 3]], run: (x) => tf.avgPool(x as Four, [3, 2], 2, "valid") },
  // Square images: the cpu backend's own gradient swaps height and width.
  { name: "resizeBilinear, larger", shapes: [[2, 4, 4, 3]], run: (x) => tf.image.resizeBilinear(x as Four, [5, 7]) },
  { name: "resizeBilinear, aligned corners", shapes: [[2, 5, 5, 3]], run: (x) => tf.image.resizeBilinear(x as Four, [3, 7], true) },
  // One image: the cpu backend's own gradient reads the first for all.
  { name: "resizeNearestNeighbor", shapes: [[1, 3, 4, 2]], run: (x) => tf.image.resizeNearestNeighbor(x as Four, [6, 8]) },
  { name: "pad", shapes: [[2, 3, 4]], run: (x) => tf.pad(x, [[1, 0], [0, 2], [1, 1]], 0.5) },
  { name: "mirrorPad", shapes: [[3, 4]], run: (x) => tf.mirrorPad(x, [[1, 1], [2, 0]], "reflect"), differentiable: false },
  { name: "tile", shapes: [[2, 3, 1]], run: (x) => tf.tile(x, [2, 1, 3]) },
  { name: "slice", shapes: [[4, 5, 3]], run: (x) => tf.slice(x, [1, 0, 1], [2, 4, 2]) },
  { name: "stridedSlice", shapes: [[6, 5]], run: (x) => tf.stridedSlice(x, [1, 0], [6, 5], [2, 3]), differentiable: false },
  { name: "reverse", shapes: [[3, 4, 2]], run: (x) => tf.reverse(x, [0, 2]) },
  { name: "concat and split", shapes: [[2, 3], [2, 4]], run: (a, b) => tf.concat(tf.split(tf.concat([a, b], 1), [2, 5], 1).reverse(), 1) },
  { name: "stack and unstack", shapes: [[2, 3], [2, 3]], run: (a, b) => tf.stack(tf.unstack(tf.stack([a, b], 1), 2).reverse(), 0) },
  { name: "transpose", shapes: [[2, 3, 4, 5]], run: (x) => tf.transpose(x, [2, 0, 3, 1]) },
  { name: "where", shapes: [[3, 4], [3, 4]], run: (a, b) => tf.where(tf.tensor2d([[1, 0, 0, 1], [0, 1, 1, 1], [1, 0, 0, 0]], undefined, "bool"), a, b) },
  { name: "topk", shapes: [[3, 7]], run: (x) => tf.topk(x, 3).values, differentiable: false },
  { name: "argMax", shapes: [[3, 7, 2]], run: (x) => tf.argMax(x, 1), differentiable: false },
  { name: "cumsum", shapes: [[3, 4]], run: (x) => tf.cumsum(x, 1, true, true) },
  { name: "softmax and its logarithm", shapes: [[3, 7]], run: (x) => tf.add(tf.softmax(x), tf.logSoftmax(x)) },
  { name: "logSumExp", shapes: [[3, 7]], run: (x) => tf.logSumExp(x, 1) },
  { name: "reductions over inner and outer axes", shapes: [[3, 4, 5]], run: (x) => tf.add(tf.mean(x, [0, 2], true), tf.add(tf.sum(x, [1], true), tf.prod(x, 1, true))), differentiable: false },
  { name: "sum, mean, max and min", shapes: [[3, 4, 5]], run: (x) => tf.addN([tf.sum(x, 0), tf.mean(x, 0), tf.max(x, 0), tf.min(x, 0)]) },
  { name: "moments", shapes: [[3, 4, 5]], run: (x) => tf.add(tf.moments(x, [0, 1]).variance, tf.moments(x, [0, 1]).mean) },
  { name: "norm", shapes: [[3, 4]], run: (x) => tf.norm(x, "euclidean", 1) },
  { name: "broadcasting arithmetic", shapes: [[3, 1, 5], [4, 1]], run: (a, b) => tf.div(tf.sub(tf.mul(a, b), tf.add(a, b)), tf.add(tf.square(b), 1)) },
  { name: "squaredDifference, maximum and minimum", shapes: [[3, 5], [3, 5]], run: (a, b) => tf.add(tf.squaredDifference(a, b), tf.sub(tf.maximum(a, b), tf.minimum(a, b))) },
  { name: "pow and sqrt", shapes: [[3, 5], [3, 5]], run: (a, b) => tf.sqrt(tf.pow(tf.add(tf.square(a), 0.5), b)) },
  { name: "floorDiv and mod", shapes: [[3, 5], [3, 5]], run: (a, b) => tf.add(tf.floor(tf.div(a, b)), tf.mod(a, tf.add(tf.square(b), 1))), differentiable: false },
  { name: "clipByValue", shapes: [[3, 5]], run: (x) => tf.clipByValue(x, -0.4, 0.6) },
  { name: "prelu", shapes: [[3, 5], [5]], run: (x, alpha) => tf.prelu(x, alpha) },
  ...(["abs", "elu", "erf", "exp", "log1p", "neg", "reciprocal", "relu", "relu6", "rsqrt", "selu", "sigmoid", "softplus", "sqrt", "square", "tanh", "sin", "cos"] as const).map((op) => ({
    name: op,
    shapes: [[3, 5]],
    run: (x: Tensor) => tf[op](["log1p", "rsqrt", "sqrt"].includes(op) ? tf.add(tf.square(x), 0.25) : x),
  })),
  { name: "sparse cross-entropy as tf.layers has it", shapes: [[4, 5]], run: (x) => tf.losses.softmaxCrossEntropy(tf.oneHot(ids([1, 4, 0, 2]) as tf.Tensor1D, 5), x) },
  { name: "sigmoid cross-entropy", shapes: [[4, 5]], run: (x) => tf.losses.sigmoidCrossEntropy(tf.oneHot(ids([1, 4, 0, 2]) as tf.Tensor1D, 5), x) },
  { name: "localResponseNormalization", shapes: [[2, 3, 4, 5]], run: (x) => tf.localResponseNormalization(x as Four, 2) },
  { name: "batchToSpaceND and spaceToBatchND", shapes: [[2, 4, 6, 3]], run: (x) => tf.batchToSpaceND(tf.spaceToBatchND(x, [2, 3], [[0, 0], [0, 0]]), [2, 3], [[0, 1], [0, 0]]) },
  { name: "depthToSpace", shapes: [[2, 3, 4, 8]], run: (x) => tf.depthToSpace(x as Four, 2), differentiable: false },
  { name: "casts to and from whole numbers and booleans", shapes: [[3, 5]], run: (x) => tf.cast(tf.cast(tf.cast(tf.mul(x, 3), "int32"), "bool"), "float32"), differentiable: false },
];

interface Outcome {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function wave(shape: readonly number[], index: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * (0.7 + 0.31 * index)) * (1 + 0.1 * index) + 0.05), [...shape]);
}

async function consume(tensor: Tensor): Promise<Outcome> {
  const { shape } = tensor;
  const values = [...(await tensor.data())];
  tensor.dispose();
  return { shape, values };
}

/** The value, then the gradient of each input where there is one. */
async function outcomes({ shapes, run, differentiable = true }: KernelCase): Promise<Outcome[]> {
  const inputs = shapes.map(wave);
  const value = tf.tidy(() => run(...inputs));
  const found = [value];
  if (differentiable && inputs.length > 0) {
    const upstream = wave(value.shape, 5);
    found.push(...tf.grads((...xs: Tensor[]) => run(...xs))(inputs, upstream));
    upstream.dispose();
  }
  for (const input of inputs) input.dispose();
  return Promise.all(found.map(consume));
}

/** Registers the suite on the current platform. */
export function describeWasmKernels(wasmPath: string): void {
  describe("kernels of training code on wasm", () => {
    const wanted = new Map<string, Outcome[]>();
    const use = async (backend: BackendName): Promise<void> => void (await useBackend(backend, { wasmPath }));

    beforeAll(async () => {
      await use("cpu");
      for (const kernelCase of kernelCases) wanted.set(kernelCase.name, await outcomes(kernelCase));
      await use("wasm");
    });
    afterAll(() => expect(memory()).toEqual({ tensors: 0, bytes: 0 }));

    it("has each case once, and every kernel of the cpu backend that training needs", () => {
      expect(wanted.size).toBe(kernelCases.length);
      const registered = new Set(tf.getKernelsForBackend("wasm").map(({ kernelName }) => kernelName));
      const missing = tf.getKernelsForBackend("cpu").flatMap(({ kernelName }) => (registered.has(kernelName) ? [] : [kernelName]));
      // Complex numbers, ragged tensors, drawing and strings: no model here has them.
      expect(missing.toSorted()).toEqual(["Complex", "ComplexAbs", "Draw", "FFT", "IFFT", "Imag", "RaggedGather", "RaggedRange", "RaggedTensorToTensor", "Real", "StaticRegexReplace"]);
    });

    it.each(kernelCases.map((kernelCase) => [kernelCase.name, kernelCase] as const))("%s", async (name, kernelCase) => {
      const before = memory();
      const got = await outcomes(kernelCase);
      const want = wanted.get(name) as Outcome[];
      expect(got.length).toBe(want.length);
      got.forEach((outcome, index) => expect(outcome, index === 0 ? "value" : `gradient of input ${index - 1}`).toBeAllClose(want[index] as Outcome, { rtol: 2e-5 }));
      expect(memory()).toEqual(before);
    });
  });
}
