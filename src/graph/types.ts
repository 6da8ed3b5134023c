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

/** What a batch norm may apply to its result in one go; hardSwish is x * relu6(x + 3) / 6. */
export type FusedActivation = "relu" | "relu6" | "hardSwish";

/**
 * Every op and its attributes. Tensors are NHWC. The comment gives the inputs in order; each op has one output.
 * What an op means is in engine/ops, the shape of its result in graph/shapes.ts; both are exhaustive over this type.
 */
export interface OpAttributes {
  /** () -> a small fixed tensor that is never trained (a scale, an offset). */
  constant: { readonly shape: readonly number[]; readonly values: readonly number[]; readonly dtype: DType };

  /** (x, kernel [h, w, in, out]) -> [batch, h', w', out] */
  conv2d: Conv2dAttributes;
  /** (x, kernel [h, w, channels, multiplier]) -> [batch, h', w', channels * multiplier] */
  depthwiseConv2d: Conv2dAttributes;
  /** (a [..., m, k], b [..., k, n]) -> [..., m, n]; a rank-2 b serves every leading dimension of a. */
  matMul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** (table [vocabulary, width], ids int32 [...]) -> [..., width] */
  embedding: NoAttributes;
  /**
   * (query, key, value [batch, tokens, width], mask [batch, tokens] of 1 and 0) -> [batch, tokens, width] of value. Where
   * `causal`, false by default, a token attends to itself and those before it only.
   */
  attention: { readonly heads: number; readonly scale: number; readonly causal?: boolean };

  /**
   * (x, gamma, beta, mean, variance): running statistics where frozen, batch statistics where trained. An activation is there
   * only in graphs that surgery/fuse-activations.ts made for execution, never in a file.
   */
  batchNorm: { readonly epsilon: number; readonly momentum: number; readonly activation?: FusedActivation };
  /** (x, gamma, beta), over the last axis. */
  layerNorm: { readonly epsilon: number };
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

  mean: ReduceAttributes;
  sum: ReduceAttributes;
  max: ReduceAttributes;
  maxPool2d: Pool2dAttributes;
  averagePool2d: Pool2dAttributes;

  /** At most one -1. A leading -1 keeps the batch. */
  reshape: { readonly shape: readonly number[] };
  transpose: { readonly permutation: readonly number[] };
  concat: { readonly axis: number };
  /** `size` -1 takes everything from `begin`. */
  slice: { readonly begin: readonly number[]; readonly size: readonly number[] };
  pad: { readonly paddings: readonly Pair[] };
  resize2d: { readonly height: number; readonly width: number; readonly method: "bilinear" | "nearest"; readonly alignCorners: boolean; readonly halfPixelCenters: boolean };
  cast: { readonly dtype: DType };

  /** (ids int32 [batch, tokens]) -> float 1 where the id is not `paddingId`, else 0. */
  paddingMask: { readonly paddingId: number };
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
