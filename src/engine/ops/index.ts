/** What every op of the graph means: the one list from op to implementation. The type checker names a missing one. */
import { takes1, takes2, takes3, takes4, takes5 } from "./arity.ts";
import { elu, gelu, hardSigmoid, leakyRelu, relu, relu6, sigmoid, silu, softmax, softplus, tanh } from "./activations.ts";
import { attention, matMul } from "./attention.ts";
import { conv2d, depthwiseConv2d } from "./conv.ts";
import { dropout } from "./dropout.ts";
import { add, divide, exp, maximum, minimum, multiply, negate, sqrt, square, subtract } from "./elementwise.ts";
import { embedding } from "./embedding.ts";
import { batchNorm, l2Normalize, layerNorm } from "./normalization.ts";
import { averagePool2d, max, maxPool2d, mean, sum } from "./reduce.ts";
import { addTimingSignal, maskedMean, paddingMask } from "./sequence.ts";
import { cast, concat, constant, pad, reshape, resize2d, slice, transpose } from "./shape.ts";
import type { OpImplementations } from "./types.ts";

export const opImplementations: OpImplementations = {
  constant: (_inputs, attributes) => constant(attributes),

  conv2d: takes2(conv2d),
  depthwiseConv2d: takes2(depthwiseConv2d),
  matMul: takes2(matMul),
  embedding: takes2(embedding),
  attention: takes4(attention),

  batchNorm: takes5(batchNorm),
  layerNorm: takes3(layerNorm),
  l2Normalize: takes1(l2Normalize),
  dropout: takes1(dropout),

  add: takes2(add),
  subtract: takes2(subtract),
  multiply: takes2(multiply),
  divide: takes2(divide),
  maximum: takes2(maximum),
  minimum: takes2(minimum),

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

  mean: takes1(mean),
  sum: takes1(sum),
  max: takes1(max),
  maxPool2d: takes1(maxPool2d),
  averagePool2d: takes1(averagePool2d),

  reshape: takes1(reshape),
  transpose: takes1(transpose),
  concat,
  slice: takes1(slice),
  pad: takes1(pad),
  resize2d: takes1(resize2d),
  cast: takes1(cast),

  paddingMask: takes1(paddingMask),
  addTimingSignal: takes2(addTimingSignal),
  maskedMean: takes2(maskedMean),
};
