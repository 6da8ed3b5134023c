/**
 * MobileNetV2 as its published checkpoints have it, with the names of transformers. build.ts beside this file is the same network
 * with names of ours; the two differ in what is configurable and in where the first block stands.
 */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { architectureOf, classesOf, count, oneOf } from "../checkpoints/config-fields.ts";
import { divisible } from "../divisible.ts";
import { activationOf, TorchLayers } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

/** Of the stem and of each block after it; the strides are those blocks'. */
const channels = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320];
const strides = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

/**
 * transformers gives PyTorch's momentum the value 0.997 that TensorFlow's had, so that there a statistic is nearly the last batch's.
 * Here it means what it did when the weights were trained.
 */
const MOMENTUM = 0.997;

function build(config: JsonCursor): CheckpointModel {
  const architecture = architectureOf(config, "MobileNetV2", []);
  const multiplier = config.get("depth_multiplier").number(1);
  const divisor = count(config.get("depth_divisible_by"), 8);
  const min = count(config.get("min_depth"), 8);
  const expansion = config.get("expand_ratio").number(6);
  oneOf(config.get("output_stride"), 32, [32]);
  oneOf(config.get("first_layer_is_expansion"), true, [true]);
  const epsilon = config.get("layer_norm_eps").number(1e-3);
  const act = activationOf(config.get("hidden_act"), "relu6");
  const padding = config.get("tf_padding").boolean(true) ? "same" : undefined;
  const keepsTop = config.get("finegrained_output").boolean(true) && multiplier < 1;
  oneOf(config.get("num_channels"), 3, [3]);
  const scaled = (width: number): number => divisible(Math.round(width * multiplier), divisor, min);

  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const norm = (path: string, x: string, width: number): string => layers.batchNorm(`${path}/normalization`, x, width, { epsilon, momentum: MOMENTUM });
  const active = (path: string, x: string): string => layers.activation(path, x, act);

  function conv(path: string, x: string, from: number, to: number, size: number, stride = 1): string {
    return norm(path, layers.conv(`${path}/convolution`, x, from, to, { size, stride, padding }), to);
  }

  /** What a block does behind its expansion. */
  function filterAndReduce(path: string, x: string, inner: number, to: number, stride: number): string {
    const filtered = layers.depthwise(`${path}/conv_3x3/convolution`, x, inner, { size: 3, stride, padding });
    return conv(`${path}/reduce_1x1`, active(`${path}/conv_3x3`, norm(`${path}/conv_3x3`, filtered, inner)), inner, to, 1);
  }

  const pixels = builder.input("pixel_values", [null, null, null, 3], "float32");
  const stem = "mobilenet_v2/conv_stem";
  const stemWidth = scaled(32);
  let from = scaled(channels[0] as number);
  let x = active(`${stem}/first_conv`, conv(`${stem}/first_conv`, pixels, 3, stemWidth, 3, 2));
  x = filterAndReduce(stem, x, stemWidth, from, 1);

  const blocks = strides.map((_, i) => `mobilenet_v2/layer/${i}`);
  for (const [i, path] of blocks.entries()) {
    const stride = strides[i] as number;
    const to = scaled(channels[i + 1] as number);
    const inner = divisible(Math.round(from * expansion), divisor, min);
    const expanded = active(`${path}/expand_1x1`, conv(`${path}/expand_1x1`, x, from, inner, 1));
    const y = filterAndReduce(path, expanded, inner, to, stride);
    x = stride === 1 && from === to ? builder.add(`${path}/sum`, "add", [x, y], {}) : y;
    from = to;
  }

  const top = keepsTop ? 1280 : scaled(1280);
  const features = active("mobilenet_v2/conv_1x1", conv("mobilenet_v2/conv_1x1", x, from, top, 1));
  const pooled = builder.add("mobilenet_v2/pooler/mean", "mean", [features], { axes: [1, 2], keepDims: false });
  const output = architecture === "Model" ? pooled : layers.linear("classifier", pooled, top, classesOf(config));
  return { graph: builder.build([output]), features, blocks, input: { kind: "image", name: pixels } };
}

export const mobilenetV2: CheckpointFamily = { modelTypes: ["mobilenet_v2"], basePrefix: "mobilenet_v2.", build };
