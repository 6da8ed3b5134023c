/**
 * MobileNetV2 (Sandler et al., 2018) as it is trained: convolutions without bias, a batch norm after each, inverted residuals.
 * Layer for layer Keras' MobileNetV2. A family without embedded weights: it starts from `initialiseMobilenetV2`.
 */
import type { Rng } from "../../core/rng.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph, Weights } from "../../graph/types.ts";
import { divisible } from "../divisible.ts";
import { initialWeights } from "../initial-weights.ts";

export interface MobilenetV2Config {
  /** Width multiplier: every number of channels times this, rounded to a multiple of 8. */
  readonly width: number;
  /** Pixels a side. */
  readonly imageSize: number;
  readonly classes: number;
  /** Of the batch norms. Keras' values by default; PyTorch's models have 1e-5 and 0.9. */
  readonly epsilon?: number;
  /** The share of a running statistic that stays at each step. */
  readonly momentum?: number;
}

/** [batch, imageSize, imageSize, 3], about -1..1. */
export const inputName = "images";
/** [batch, imageSize / 32, imageSize / 32, 1280 * max(1, width)] */
export const featuresName = "top/relu6";

/** Table 2 of the paper: expansion, channels, repetitions, stride of the first. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
const blockCount = stages.reduce((sum, [, , repetitions]) => sum + repetitions, 0);

/** In flow order. */
export const blocks: readonly string[] = Array.from({ length: blockCount }, (_, i) => `block_${i}`);

/** -> logits [batch, classes] */
export function buildMobilenetV2({ width, imageSize, classes, epsilon = 1e-3, momentum = 0.999 }: MobilenetV2Config): Graph {
  const builder = new GraphBuilder();

  function norm(path: string, x: string, channels: number): string {
    const weights = ["gamma", "beta"].map((name) => builder.parameter(`${path}/norm/${name}`, [channels]));
    const statistics = ["mean", "variance"].map((name) => builder.parameter(`${path}/norm/${name}`, [channels], { role: "statistic" }));
    return builder.add(`${path}/norm/out`, "batchNorm", [x, ...weights, ...statistics], { epsilon, momentum });
  }

  function conv(path: string, x: string, from: number, to: number, size: number, stride: number): string {
    const kernel = builder.parameter(`${path}/conv/kernel`, [size, size, from, to]);
    return norm(path, builder.add(`${path}/conv/out`, "conv2d", [x, kernel], { strides: [stride, stride], dilations: [1, 1], padding: "same" }), to);
  }

  function depthwise(path: string, x: string, channels: number, stride: number): string {
    const kernel = builder.parameter(`${path}/conv/kernel`, [3, 3, channels, 1]);
    return norm(path, builder.add(`${path}/conv/out`, "depthwiseConv2d", [x, kernel], { strides: [stride, stride], dilations: [1, 1], padding: "same" }), channels);
  }

  const relu6 = (path: string, x: string): string => builder.add(`${path}/relu6`, "relu6", [x], {});

  let from = divisible(32 * width);
  let x = relu6("stem", conv("stem", builder.input(inputName, [null, imageSize, imageSize, 3], "float32"), 3, from, 3, 2));
  let position = 0;
  for (const [expansion, channels, repetitions, firstStride] of stages) {
    const to = divisible(channels * width);
    for (let i = 0; i < repetitions; i++) {
      const path = `block_${position++}`;
      const stride = i === 0 ? firstStride : 1;
      const inner = from * expansion;
      let y = expansion === 1 ? x : relu6(`${path}/expand`, conv(`${path}/expand`, x, from, inner, 1, 1));
      y = relu6(`${path}/depthwise`, depthwise(`${path}/depthwise`, y, inner, stride));
      y = conv(`${path}/project`, y, inner, to, 1, 1);
      x = stride === 1 && from === to ? builder.add(`${path}/sum`, "add", [x, y], {}) : y;
      from = to;
    }
  }
  const top = width > 1 ? divisible(1280 * width) : 1280;
  x = relu6("top", conv("top", x, from, top, 1, 1));
  const pooled = builder.add("pool", "mean", [x], { axes: [1, 2], keepDims: false });
  const product = builder.add("classifier/matmul", "matMul", [pooled, builder.parameter("classifier/kernel", [top, classes])], { transposeA: false, transposeB: false });
  return builder.build([builder.add("classifier/logits", "add", [product, builder.parameter("classifier/bias", [classes])], {})]);
}

/** He et al., 2015, by fan-in; the classifier as PyTorch's torchvision has it, N(0, 0.01). */
export function initialiseMobilenetV2(graph: Graph, rng: Rng): Weights {
  return initialWeights(graph, rng, ({ name, shape }) => {
    if (name === "classifier/kernel") return 0.01;
    const [height = 1, width = 1, channels = 1] = shape;
    return Math.sqrt(2 / (height * width * (name.includes("/depthwise/") ? 1 : channels)));
  });
}
