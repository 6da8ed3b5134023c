/**
 * ConvNeXt (Liu et al., 2022), under the names of transformers and those of timm: 7x7 depthwise convolutions, layer norms over the
 * channels, and a learned scale on each residual branch.
 */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { architectureOf, classesOf, count, counts, layerCounts, oneOf, timmConfig } from "../checkpoints/config-fields.ts";
import { activationOf, TorchLayers, type ActivationName } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

interface ConvnextShape {
  readonly depths: readonly number[];
  readonly widths: readonly number[];
  readonly act: ActivationName;
  readonly patch: number;
  readonly hasScale: boolean;
  /** Of the last norm; all others have 1e-6. */
  readonly epsilon: number;
  /** 0 leaves the head out. */
  readonly classes: number;
}

interface ConvnextNames {
  readonly stem: readonly [conv: string, norm: string];
  readonly downsample: (stage: number) => readonly [norm: string, conv: string];
  readonly block: (stage: number, index: number) => string;
  readonly depthwise: string;
  readonly norm: string;
  readonly inner: string;
  readonly outer: string;
  readonly scale: string;
  readonly lastNorm: string;
  readonly head: string;
}

const transformersNames: ConvnextNames = {
  stem: ["convnext/embeddings/patch_embeddings", "convnext/embeddings/layernorm"],
  downsample: (stage) => [`convnext/encoder/stages/${stage}/downsampling_layer/0`, `convnext/encoder/stages/${stage}/downsampling_layer/1`],
  block: (stage, index) => `convnext/encoder/stages/${stage}/layers/${index}`,
  depthwise: "dwconv",
  norm: "layernorm",
  inner: "pwconv1",
  outer: "pwconv2",
  scale: "layer_scale_parameter",
  lastNorm: "convnext/layernorm",
  head: "classifier",
};

const timmNames: ConvnextNames = {
  stem: ["stem/0", "stem/1"],
  downsample: (stage) => [`stages/${stage}/downsample/0`, `stages/${stage}/downsample/1`],
  block: (stage, index) => `stages/${stage}/blocks/${index}`,
  depthwise: "conv_dw",
  norm: "norm",
  inner: "mlp/fc1",
  outer: "mlp/fc2",
  scale: "gamma",
  lastNorm: "head/norm",
  head: "head/fc",
};

/** timm's networks that are Liu et al.'s; the smaller ones have convolutions where these have products. */
const timmArchitectures: ReadonlyMap<string, Pick<ConvnextShape, "depths" | "widths">> = new Map([
  ["convnext_tiny", { depths: [3, 3, 9, 3], widths: [96, 192, 384, 768] }],
  ["convnext_small", { depths: [3, 3, 27, 3], widths: [96, 192, 384, 768] }],
  ["convnext_base", { depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024] }],
  ["convnext_large", { depths: [3, 3, 27, 3], widths: [192, 384, 768, 1536] }],
  ["convnext_xlarge", { depths: [3, 3, 27, 3], widths: [256, 512, 1024, 2048] }],
]);

const EPSILON = 1e-6;

function grow(shape: ConvnextShape, names: ConvnextNames): CheckpointModel {
  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks: string[] = [];

  function block(path: string, x: string, width: number): string {
    const convolved = layers.depthwise(`${path}/${names.depthwise}`, x, width, { size: 7, bias: true });
    const inner = layers.linear(`${path}/${names.inner}`, layers.layerNorm(`${path}/${names.norm}`, convolved, width, EPSILON), width, 4 * width);
    const outer = layers.linear(`${path}/${names.outer}`, layers.activation(`${path}/${names.inner}`, inner, shape.act), 4 * width, width);
    const scaled = shape.hasScale ? builder.add(`${path}/scaled`, "multiply", [outer, builder.parameter(`${path}/${names.scale}`, [width])], {}) : outer;
    blocks.push(path);
    return builder.add(`${path}/result`, "add", [x, scaled], {});
  }

  const pixels = builder.input("pixel_values", [null, null, null, 3], "float32");
  let from = shape.widths[0] as number;
  let x = layers.conv(names.stem[0], pixels, 3, from, { size: shape.patch, stride: shape.patch, padding: "valid", bias: true });
  x = layers.layerNorm(names.stem[1], x, from, EPSILON);
  for (const [stage, width] of shape.widths.entries()) {
    if (stage > 0) {
      const [norm, conv] = names.downsample(stage);
      x = layers.conv(conv, layers.layerNorm(norm, x, from, EPSILON), from, width, { size: 2, stride: 2, padding: "valid", bias: true });
    }
    for (let i = 0; i < (shape.depths[stage] as number); i++) x = block(names.block(stage, i), x, width);
    from = width;
  }
  const pooled = builder.add("pooler/mean", "mean", [x], { axes: [1, 2], keepDims: false });
  const features = layers.layerNorm(names.lastNorm, pooled, from, shape.epsilon);
  const output = shape.classes === 0 ? features : layers.linear(names.head, features, from, shape.classes);
  return { graph: builder.build([output]), features, blocks, input: { kind: "image", name: pixels } };
}

function transformersShape(config: JsonCursor): ConvnextShape {
  const depths = layerCounts(config.get("depths"), [3, 3, 9, 3]);
  const widths = counts(config.get("hidden_sizes"), [96, 192, 384, 768]);
  const stages = count(config.get("num_stages"), widths.length);
  oneOf(config.get("num_channels"), 3, [3]);
  if (depths.length !== stages || widths.length !== stages) {
    throw new GraftError({ where: config.get("hidden_sizes").where, what: `there are ${widths.length} widths and ${depths.length} depths for ${stages} stages`, wanted: "one of each for every stage" });
  }
  return {
    depths,
    widths,
    act: activationOf(config.get("hidden_act"), "gelu"),
    patch: count(config.get("patch_size"), 4),
    hasScale: config.get("layer_scale_init_value").number(1e-6) > 0,
    epsilon: config.get("layer_norm_eps").number(1e-12),
    classes: architectureOf(config, "ConvNext", []) === "Model" ? 0 : classesOf(config),
  };
}

function timmShape(config: JsonCursor): ConvnextShape {
  const { architecture, classes } = timmConfig(config);
  const known = timmArchitectures.get(architecture);
  if (known === undefined) throw config.get("architecture").wrong([...timmArchitectures.keys()].join(", "));
  return { ...known, act: "gelu", patch: 4, hasScale: true, epsilon: EPSILON, classes };
}

export const convnext: CheckpointFamily = {
  modelTypes: ["convnext"],
  basePrefix: "convnext.",
  build: (config) => (config.get("architecture").isMissing ? grow(transformersShape(config), transformersNames) : grow(timmShape(config), timmNames)),
};
