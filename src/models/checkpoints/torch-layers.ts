/**
 * PyTorch's layers as nodes of a graph, with PyTorch's names for their parameters: what the builders of published models have in
 * common. A path `a/b` becomes the parameters `a/b/weight`, … and the value `a/b/out`.
 */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import type { Padding } from "../../graph/types.ts";

interface ConvOptions {
  readonly size: number;
  readonly stride?: number;
  readonly dilation?: number;
  /** By default what keeps the size at stride 1, alike on all sides, as PyTorch's models have it. */
  readonly padding?: Padding;
  readonly bias?: boolean;
}

interface BatchNormOptions {
  /** 1e-5 by default. */
  readonly epsilon?: number;
  /** The share of a running statistic that stays at each step: 0.9 by default, PyTorch's momentum of 0.1. */
  readonly momentum?: number;
}

/** Values of `hidden_act`, as transformers names activations. */
const activations = {
  relu: "relu",
  relu6: "relu6",
  silu: "silu",
  swish: "silu",
  gelu: "gelu",
  gelu_new: "gelu",
  gelu_pytorch_tanh: "gelu",
  gelu_fast: "gelu",
  sigmoid: "sigmoid",
  tanh: "tanh",
} as const;

export type ActivationName = keyof typeof activations;

/** @throws GraftError naming the field if it is none of ours. */
export function activationOf(field: JsonCursor, fallback: ActivationName): ActivationName {
  const name = field.string(fallback);
  if (!Object.hasOwn(activations, name)) throw field.wrong(Object.keys(activations).join(", "));
  return name as ActivationName;
}

export class TorchLayers {
  private readonly builder: GraphBuilder;

  constructor(builder: GraphBuilder) {
    this.builder = builder;
  }

  /** [batch, h, w, from] -> [batch, h', w', to] */
  conv(path: string, x: string, from: number, to: number, options: ConvOptions): string {
    return this.convolution("conv2d", path, x, [options.size, options.size, from, to], to, options);
  }

  /** One filter per channel. */
  depthwise(path: string, x: string, channels: number, options: ConvOptions): string {
    return this.convolution("depthwiseConv2d", path, x, [options.size, options.size, channels, 1], channels, options);
  }

  batchNorm(path: string, x: string, channels: number, { epsilon = 1e-5, momentum = 0.9 }: BatchNormOptions = {}): string {
    const weights = ["weight", "bias"].map((name) => this.builder.parameter(`${path}/${name}`, [channels]));
    const statistics = ["running_mean", "running_var"].map((name) => this.builder.parameter(`${path}/${name}`, [channels], { role: "statistic" }));
    return this.builder.add(`${path}/out`, "batchNorm", [x, ...weights, ...statistics], { epsilon, momentum });
  }

  /** Over the last axis. */
  layerNorm(path: string, x: string, width: number, epsilon: number): string {
    return this.builder.add(`${path}/out`, "layerNorm", [x, this.builder.parameter(`${path}/weight`, [width]), this.builder.parameter(`${path}/bias`, [width])], { epsilon });
  }

  /** [..., from] -> [..., to]; the weight is [to, from]. */
  linear(path: string, x: string, from: number, to: number, { bias = true }: { readonly bias?: boolean } = {}): string {
    const product = this.builder.add(bias ? `${path}/matmul` : `${path}/out`, "matMul", [x, this.builder.parameter(`${path}/weight`, [to, from])], { transposeA: false, transposeB: true });
    return bias ? this.builder.add(`${path}/out`, "add", [product, this.builder.parameter(`${path}/bias`, [to])], {}) : product;
  }

  /** ids int32 [...] -> [..., width] */
  embedding(path: string, ids: string, rows: number, width: number): string {
    return this.builder.add(`${path}/out`, "embedding", [this.builder.parameter(`${path}/weight`, [rows, width]), ids], {});
  }

  /** Nothing where the rate is 0. */
  dropout(path: string, x: string, rate: number): string {
    return rate === 0 ? x : this.builder.add(`${path}/dropout`, "dropout", [x], { rate });
  }

  activation(path: string, x: string, name: ActivationName): string {
    const op = activations[name];
    if (op === "gelu") return this.builder.add(`${path}/act`, op, [x], { approximate: name !== "gelu" });
    return this.builder.add(`${path}/act`, op, [x], {});
  }

  /** x * relu6(x + 3) / 6 */
  hardSwish(path: string, x: string): string {
    return this.builder.add(`${path}/act`, "multiply", [x, this.builder.add(`${path}/gate`, "hardSigmoid", [x], {})], {});
  }

  private convolution(op: "conv2d" | "depthwiseConv2d", path: string, x: string, kernel: readonly number[], to: number, { size, stride = 1, dilation = 1, padding, bias = false }: ConvOptions): string {
    const side = (dilation * (size - 1)) >> 1;
    const convolved = this.builder.add(bias ? `${path}/conv` : `${path}/out`, op, [x, this.builder.parameter(`${path}/weight`, kernel)], {
      strides: [stride, stride],
      dilations: [dilation, dilation],
      padding: padding ?? [[side, side], [side, side]],
    });
    return bias ? this.builder.add(`${path}/out`, "add", [convolved, this.builder.parameter(`${path}/bias`, [to])], {}) : convolved;
  }
}
