/** What every op of the graph means: the one list from op to implementation. The type checker names a missing one. */
import { takes1, takes2, takes3, takes4, takes5 } from "./arity.ts";
import { elu, gelu, hardSigmoid, leakyRelu, relu, relu6, sigmoid, silu, softmax, softplus, tanh } from "./activations.ts";
import { attention, matMul } from "./attention.ts";
import { conv2d, convTranspose2d, depthwiseConv2d } from "./conv.ts";
import { dropout } from "./dropout.ts";
import { add, compare, divide, exp, maximum, minimum, modulo, multiply, negate, power, select, sqrt, square, subtract } from "./elementwise.ts";
import { embedding } from "./embedding.ts";
import { gather, gatherElements, gatherNd, oneHot, scatterElements, scatterNd, topKIndices } from "./indexing.ts";
import { batchNorm, l2Normalize, layerNorm, rmsNorm } from "./normalization.ts";
import { argMax, averagePool2d, cumulativeSum, max, maxPool2d, mean, min, product, sum } from "./reduce.ts";
import { addTimingSignal, maskedMean, paddingMask, positionIds, rotaryEmbedding } from "./sequence.ts";
import { broadcastLike, broadcastTo, cast, concat, constant, pad, reshape, resize2d, reverse, slice, stridedSlice, tile, transpose } from "./shape.ts";
import type { OpImplementations } from "./types.ts";
import { abs, acos, acosh, asin, asinh, atan, atanh, ceil, cos, cosh, erf, fakeQuantize, floor, log, round, sign, sin, sinh, tan } from "./unary.ts";

export const opImplementations: OpImplementations = {
  constant: (_inputs, attributes) => constant(attributes),

  conv2d: takes2(conv2d),
  depthwiseConv2d: takes2(depthwiseConv2d),
  convTranspose2d: takes2(convTranspose2d),
  matMul: takes2(matMul),
  embedding: takes2(embedding),
  attention: takes4(attention),
  rotaryEmbedding: takes2(rotaryEmbedding),

  batchNorm: takes5(batchNorm),
  layerNorm: takes3(layerNorm),
  rmsNorm: takes2(rmsNorm),
  l2Normalize: takes1(l2Normalize),
  dropout: takes1(dropout),

  add: takes2(add),
  subtract: takes2(subtract),
  multiply: takes2(multiply),
  divide: takes2(divide),
  maximum: takes2(maximum),
  minimum: takes2(minimum),
  power: takes2(power),
  modulo: takes2(modulo),
  compare: takes2(compare),
  select: takes3(select),

  relu: takes1(relu),
  relu6: takes1(relu6),
  leakyRelu: takes1(leakyRelu),
  elu: takes1(elu),
  sigmoid: takes1(sigmoid),
  hardSigmoid: takes1(hardSigmoid),
  tanh: takes1(tanh),
  silu: takes1(silu),
  gelu: takes1(gelu),
  softmax: takes1(softmax),
  softplus: takes1(softplus),
  exp: takes1(exp),
  sqrt: takes1(sqrt),
  square: takes1(square),
  negate: takes1(negate),
  abs: takes1(abs),
  sign: takes1(sign),
  log: takes1(log),
  sin: takes1(sin),
  cos: takes1(cos),
  tan: takes1(tan),
  asin: takes1(asin),
  acos: takes1(acos),
  atan: takes1(atan),
  sinh: takes1(sinh),
  cosh: takes1(cosh),
  asinh: takes1(asinh),
  acosh: takes1(acosh),
  atanh: takes1(atanh),
  erf: takes1(erf),
  floor: takes1(floor),
  ceil: takes1(ceil),
  round: takes1(round),
  fakeQuantize: takes1(fakeQuantize),

  mean: takes1(mean),
  sum: takes1(sum),
  max: takes1(max),
  min: takes1(min),
  product: takes1(product),
  argMax: takes1(argMax),
  topKIndices: takes1(topKIndices),
  cumulativeSum: takes1(cumulativeSum),
  maxPool2d: takes1(maxPool2d),
  averagePool2d: takes1(averagePool2d),

  reshape: takes1(reshape),
  transpose: takes1(transpose),
  concat,
  slice: takes1(slice),
  stridedSlice: takes1(stridedSlice),
  reverse: takes1(reverse),
  tile: takes1(tile),
  broadcastTo: takes1(broadcastTo),
  broadcastLike: takes2(broadcastLike),
  pad: takes1(pad),
  resize2d: takes1(resize2d),
  cast: takes1(cast),

  gather: takes2(gather),
  gatherElements: takes2(gatherElements),
  gatherNd: takes2(gatherNd),
  scatterElements: takes3(scatterElements),
  scatterNd: takes3(scatterNd),
  oneHot: takes1(oneHot),

  paddingMask: takes1(paddingMask),
  positionIds: takes1(positionIds),
  addTimingSignal: takes2(addTimingSignal),
  maskedMean: takes2(maskedMean),
};
