/**
 * ConvNeXt (Liu et al., 2022), as transformers names its parameters: 7x7 depthwise convolutions, layer norms over the channels, and
 * a learned scale on each residual branch.
 */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { architectureOf, classesOf, count, counts, oneOf } from "../checkpoints/config-fields.ts";
import { activationOf, TorchLayers } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

/** Of every norm but the last, which has the config's. */
const EPSILON = 1e-6;

function build(config: JsonCursor): CheckpointModel {
  const architecture = architectureOf(config, "ConvNext", []);
  const depths = counts(config.get("depths"), [3, 3, 9, 3]);
  const widths = counts(config.get("hidden_sizes"), [96, 192, 384, 768]);
  const act = activationOf(config.get("hidden_act"), "gelu");
  const patch = count(config.get("patch_size"), 4);
  const hasScale = config.get("layer_scale_init_value").number(1e-6) > 0;
  const epsilon = config.get("layer_norm_eps").number(1e-12);
  oneOf(config.get("num_channels"), 3, [3]);
  const stages = count(config.get("num_stages"), widths.length);
  if (depths.length !== stages || widths.length !== stages) {
    throw new GraftError({ where: config.get("hidden_sizes").where, what: `there are ${widths.length} widths and ${depths.length} depths for ${stages} stages`, wanted: "one of each for every stage" });
  }

  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks: string[] = [];

  function block(path: string, x: string, width: number): string {
    const convolved = layers.depthwise(`${path}/dwconv`, x, width, { size: 7, bias: true });
    const inner = layers.linear(`${path}/pwconv1`, layers.layerNorm(`${path}/layernorm`, convolved, width, EPSILON), width, 4 * width);
    const outer = layers.linear(`${path}/pwconv2`, layers.activation(path, inner, act), 4 * width, width);
    const scaled = hasScale ? builder.add(`${path}/scaled`, "multiply", [outer, builder.parameter(`${path}/layer_scale_parameter`, [width])], {}) : outer;
    blocks.push(path);
    return builder.add(`${path}/out`, "add", [x, scaled], {});
  }

  const pixels = builder.input("pixel_values", [null, null, null, 3], "float32");
  let from = widths[0] as number;
  let x = layers.conv("convnext/embeddings/patch_embeddings", pixels, 3, from, { size: patch, stride: patch, padding: "valid", bias: true });
  x = layers.layerNorm("convnext/embeddings/layernorm", x, from, EPSILON);
  for (const [stage, width] of widths.entries()) {
    const path = `convnext/encoder/stages/${stage}`;
    if (stage > 0) {
      const normed = layers.layerNorm(`${path}/downsampling_layer/0`, x, from, EPSILON);
      x = layers.conv(`${path}/downsampling_layer/1`, normed, from, width, { size: 2, stride: 2, padding: "valid", bias: true });
    }
    for (let i = 0; i < (depths[stage] as number); i++) x = block(`${path}/layers/${i}`, x, width);
    from = width;
  }
  const pooled = builder.add("convnext/pooler/mean", "mean", [x], { axes: [1, 2], keepDims: false });
  const features = layers.layerNorm("convnext/layernorm", pooled, from, epsilon);
  const output = architecture === "Model" ? features : layers.linear("classifier", features, from, classesOf(config));
  return { graph: builder.build([output]), features, blocks, input: { kind: "image", name: pixels } };
}

export const convnext: CheckpointFamily = { modelTypes: ["convnext"], basePrefix: "convnext.", build };
