/**
 * A model as plain data. A graph says what is computed; the values of its parameters live apart from it (`Weights`), so
 * that one graph serves many weights. Graphs are immutable: a surgery returns a new one.
 */
import type { DType, Shape } from "../core/shape.ts";

/** Spatial padding of convolutions and pools: TensorFlow's SAME and VALID, or explicit [[top, bottom], [left, right]]. */
export type Padding = "same" | "valid" | readonly [readonly [number, number], readonly [number, number]];
type Pair = readonly [number, number];
type NoAttributes = Readonly<Record<string, never>>;
interface Conv2dAttributes {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}
interface Pool2dAttributes {
  readonly poolSize: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
}
interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export type Relation = "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual";

/** What becomes of a value where updates meet it; without a reduction the update takes its place, and no place may be named twice. */
export type ScatterReduction = "none" | "add" | "multiply" | "max" | "min";

/** What a batch norm may apply to its result in one go; hardSwish is x * relu6(x + 3) / 6. */
export type FusedActivation = "relu" | "relu6" | "hardSwish";

/**
 * Every op and its attributes. Tensors are NHWC. The comment gives the inputs in order; each op has one output.
 * What an op means is in engine/ops, the shape of its result in graph/shapes.ts; both are exhaustive over this type.
 */
export interface OpAttributes {
  /** () -> a small fixed tensor that is never trained (a scale, an offset). */
  constant: { readonly shape: readonly number[]; readonly values: readonly number[]; readonly dtype: DType };

  /** (x, kernel [h, w, in / groups, out]) -> [batch, h', w', out]; `groups` is 1 by default. */
  conv2d: Conv2dAttributes & { readonly groups?: number };
  /** (x, kernel [h, w, channels, multiplier]) -> [batch, h', w', channels * multiplier] */
  depthwiseConv2d: Conv2dAttributes;
  /**
   * (x, kernel [h, w, out, in]) -> [batch, h', w', out]: the gradient of a convolution's input. A size becomes its multiple by
   * the stride where padding is "same", else (size - 1) * stride + (window - 1) * dilation + 1 - padding + outputPadding, of
   * which the last is below the stride, and 0 where padding is "same". One of strides and dilations is 1.
   */
  convTranspose2d: Conv2dAttributes & { readonly outputPadding: Pair };
  /** (a [..., m, k], b [..., k, n]) -> [..., m, n]; a rank-2 b serves every leading dimension of a. */
  matMul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** (table [vocabulary, width], ids int32 [...]) -> [..., width] */
  embedding: NoAttributes;
  /**
   * (query, key, value [batch, tokens, width], mask [batch, tokens] of 1 and 0) -> [batch, tokens, width] of value. Where
   * `causal`, false by default, a token attends to itself and those before it only. Where there are fewer `keyValueHeads` than
   * heads, each serves as many heads in a row (grouped-query attention): keys and values are that much narrower.
   */
  attention: { readonly heads: number; readonly scale: number; readonly causal?: boolean; readonly keyValueHeads?: number };
  /**
   * (x [batch, tokens, width], positions int32 [batch, tokens]): turns each head's halves x1 and x2 by the angles position *
   * frequencies, [half a head's width], into x1 cos - x2 sin and x2 cos + x1 sin, as Llama does in transformers.
   */
  rotaryEmbedding: { readonly heads: number; readonly frequencies: readonly number[] };

  /**
   * (x, gamma, beta, mean, variance): running statistics where frozen, batch statistics where trained. An activation is there
   * only in graphs that surgery/fuse-activations.ts made for execution, never in a file.
   */
  batchNorm: { readonly epsilon: number; readonly momentum: number; readonly activation?: FusedActivation };
  /** (x, gamma, beta), over the last axis. */
  layerNorm: { readonly epsilon: number };
  /** (x, gamma), over the last axis; x / sqrt(mean(x^2) + epsilon) * gamma */
  rmsNorm: { readonly epsilon: number };
  /** (x), over the last axis; x / sqrt(max(sum(x^2), epsilon)) */
  l2Normalize: { readonly epsilon: number };
  /** (x): zeroes elements with probability `rate` and scales the rest by 1 / (1 - rate); identity outside training. */
  dropout: { readonly rate: number };

  add: NoAttributes;
  subtract: NoAttributes;
  multiply: NoAttributes;
  divide: NoAttributes;
  maximum: NoAttributes;
  minimum: NoAttributes;
  /** (a, b) -> a^b. The exponent gets no gradient where the base is not above 0. */
  power: NoAttributes;
  /** (a, b): what is left of a divided by b, with the sign of a where truncated (C's fmod), else that of b (Python's %). */
  modulo: { readonly truncated: boolean };
  /** (a, b) -> int32 1 where it holds, else 0. */
  compare: { readonly relation: Relation };
  /** (condition, a, b) -> a where the condition is not 0, else b; all three are broadcast. */
  select: NoAttributes;

  relu: NoAttributes;
  relu6: NoAttributes;
  leakyRelu: { readonly alpha: number };
  elu: NoAttributes;
  sigmoid: NoAttributes;
  hardSigmoid: NoAttributes;
  tanh: NoAttributes;
  silu: NoAttributes;
  gelu: { readonly approximate: boolean };
  softmax: NoAttributes;
  softplus: NoAttributes;
  exp: NoAttributes;
  sqrt: NoAttributes;
  square: NoAttributes;
  negate: NoAttributes;
  abs: NoAttributes;
  sign: NoAttributes;
  log: NoAttributes;
  sin: NoAttributes;
  cos: NoAttributes;
  tan: NoAttributes;
  asin: NoAttributes;
  acos: NoAttributes;
  atan: NoAttributes;
  sinh: NoAttributes;
  cosh: NoAttributes;
  asinh: NoAttributes;
  acosh: NoAttributes;
  atanh: NoAttributes;
  erf: NoAttributes;
  floor: NoAttributes;
  ceil: NoAttributes;
  /** Halves go to the even neighbour. */
  round: NoAttributes;
  /**
   * (x) -> (clamp(round(x / scale) + zeroPoint, min, max) - zeroPoint) * scale: what integers keep of x. The gradient passes
   * straight through where nothing was clamped.
   */
  fakeQuantize: { readonly scale: number; readonly zeroPoint: number; readonly min: number; readonly max: number };

  mean: ReduceAttributes;
  sum: ReduceAttributes;
  max: ReduceAttributes;
  min: ReduceAttributes;
  product: ReduceAttributes;
  /** (x) -> int32: where along the axis the largest or smallest number is, the first of equal ones. */
  argMax: { readonly axis: number; readonly keepDims: boolean; readonly of: "max" | "min" };
  /** (x) -> int32 [..., k]: where along the last axis the k largest or smallest are, best first; which of equal ones is up to the device. The values come by gatherElements. */
  topKIndices: { readonly k: number; readonly largest: boolean };
  /** (x): sums of everything up to each place along the axis, from the end where reversed; the place itself is left out where exclusive. */
  cumulativeSum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
  maxPool2d: Pool2dAttributes;
  /** Where `countPadding`, false by default, padding counts as zeros. */
  averagePool2d: Pool2dAttributes & { readonly countPadding?: boolean };

  /** At most one -1. A leading -1 keeps the batch. */
  reshape: { readonly shape: readonly number[] };
  transpose: { readonly permutation: readonly number[] };
  concat: { readonly axis: number };
  /** `size` -1 takes everything from `begin`. */
  slice: { readonly begin: readonly number[]; readonly size: readonly number[] };
  /** `strides` are above 0. Ends are exclusive, null takes everything; negative places count from the end, and none lies outside. */
  stridedSlice: { readonly begin: readonly number[]; readonly end: readonly (number | null)[]; readonly strides: readonly number[] };
  reverse: { readonly axes: readonly number[] };
  /** (x): one repeat per axis. */
  tile: { readonly repeats: readonly number[] };
  /** (x) -> `shape` by NumPy's broadcasting; -1 keeps x's size. */
  broadcastTo: { readonly shape: readonly number[] };
  /** (x, like): the axes, of size 1 in x, take the size that `like` has there (a class token for a batch of unknown size). */
  broadcastLike: { readonly axes: readonly number[] };
  /** `value`, 0 by default, fills a constant padding; "reflect" mirrors without repeating the edge, "edge" repeats it. */
  pad: { readonly paddings: readonly Pair[]; readonly value?: number; readonly mode?: "constant" | "reflect" | "edge" };
  resize2d: { readonly height: number; readonly width: number; readonly method: "bilinear" | "nearest"; readonly alignCorners: boolean; readonly halfPixelCenters: boolean };
  cast: { readonly dtype: DType };

  /** (x, indices int32 [...]) -> the axis replaced by the shape of indices; negative ones count from the end, here and below. */
  gather: { readonly axis: number };
  /** (x, indices int32 of x's rank) -> the shape of indices: each entry names a place along the axis, the other places are its own. */
  gatherElements: { readonly axis: number };
  /** (x, indices int32 [...batch, ..., n]) -> each row names a place in the n axes of x that follow the first `batchDims`, which they share. */
  gatherNd: { readonly batchDims: number };
  /** (x, indices int32, updates of the shape of indices): the inverse of gatherElements. All but "none" and "add" take memory of x times updates. */
  scatterElements: { readonly axis: number; readonly reduction: ScatterReduction };
  /** (x, indices int32 [..., n], updates [..., ...x after n axes]): the inverse of gatherNd. All but "none" and "add" take memory of x times updates. */
  scatterNd: { readonly reduction: ScatterReduction };
  /** (indices int32 [...]) -> float 1 at the index in a new axis of `depth`, the last by default; all 0 for an index outside of 0 .. depth - 1. */
  oneHot: { readonly depth: number; readonly axis?: number };

  /** (ids int32 [batch, tokens]) -> float 1 where the id is not `paddingId`, else 0. */
  paddingMask: { readonly paddingId: number };
  /**
   * (ids int32 [batch, tokens]) -> int32 of the same shape: offset, offset + 1, … Where there is a `paddingId`, as RoBERTa has it:
   * padding keeps that id, and the others count from it upwards.
   */
  positionIds: { readonly offset: number; readonly paddingId?: number };
  /**
   * (x [batch, tokens, width], mask [batch, tokens]) -> the sinusoidal timing signal of Tensor2Tensor added where mask is 1:
   * sines in the first half of the width, cosines in the second.
   */
  addTimingSignal: { readonly minTimescale: number; readonly maxTimescale: number };
  /** (x [batch, tokens, width], mask [batch, tokens]) -> [batch, width]: the mean of the unmasked tokens. */
  maskedMean: NoAttributes;
}

export type OpName = keyof OpAttributes;

/** One op of the graph. `name` is its path (`encoder/layer_3/attention/query`) and the name of its only output. */
export type GraphNode = {
  readonly [Op in OpName]: {
    readonly name: string;
    readonly op: Op;
    /** Names of graph inputs, parameters or earlier nodes. */
    readonly inputs: readonly string[];
    readonly attributes: OpAttributes[Op];
  };
}[OpName];

export interface GraphInput {
  readonly name: string;
  /** The first dimension is the batch. */
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** A statistic (a batch norm's mean and variance) is updated by the forward pass where trained, never by an optimizer. */
  readonly role: "weight" | "statistic";
}

/** Inputs, parameters and nodes share one namespace; nodes are in topological order. */
export interface Graph {
  readonly inputs: readonly GraphInput[];
  readonly parameters: readonly Parameter[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly string[];
}

export type WeightValues = Float32Array | Int32Array;
/** Parameter name -> values, row-major. */
export type Weights = ReadonlyMap<string, WeightValues>;

export interface Model {
  readonly graph: Graph;
  readonly weights: Weights;
}
