/**
 * ResNet (He et al., 2015), basic and with bottlenecks, under two sets of names: those of transformers, and those of timm, which are
 * torchvision's.
 */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { architectureOf, classesOf, count, counts, layerCounts, oneOf, timmConfig } from "../checkpoints/config-fields.ts";
import { activationOf, TorchLayers, type ActivationName } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

interface ResnetShape {
  readonly layer: "basic" | "bottleneck";
  readonly stemWidth: number;
  /** Of each stage's result. */
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly act: ActivationName;
  /** Whether the first stage halves the image too. */
  readonly halvesFirst: boolean;
  /** Whether a bottleneck's first convolution takes the stride, instead of its second. */
  readonly stridesFirst: boolean;
  /** 0 leaves the head out. */
  readonly classes: number;
}

type ConvAndNorm = readonly [conv: string, norm: string];

interface ResnetNames {
  readonly stem: ConvAndNorm;
  readonly block: (stage: number, index: number) => string;
  /** Of a block's i-th convolution. */
  readonly conv: (block: string, i: number) => ConvAndNorm;
  readonly shortcut: (block: string) => ConvAndNorm;
  /** What holds the layers of a block that has no shortcut, below the block's own path. */
  readonly withoutShortcut: string;
  readonly head: string;
}

const transformersNames: ResnetNames = {
  stem: ["resnet/embedder/embedder/convolution", "resnet/embedder/embedder/normalization"],
  block: (stage, index) => `resnet/encoder/stages/${stage}/layers/${index}`,
  conv: (block, i) => [`${block}/layer/${i}/convolution`, `${block}/layer/${i}/normalization`],
  shortcut: (block) => [`${block}/shortcut/convolution`, `${block}/shortcut/normalization`],
  withoutShortcut: "/layer",
  head: "classifier/1",
};

const timmNames: ResnetNames = {
  stem: ["conv1", "bn1"],
  block: (stage, index) => `layer${stage + 1}/${index}`,
  conv: (block, i) => [`${block}/conv${i + 1}`, `${block}/bn${i + 1}`],
  shortcut: (block) => [`${block}/downsample/0`, `${block}/downsample/1`],
  withoutShortcut: "",
  head: "fc",
};

/** timm's networks that are He et al.'s; the others that are called resnet differ in stem, shortcut or norm. */
const timmArchitectures: ReadonlyMap<string, Pick<ResnetShape, "layer" | "depths">> = new Map([
  ["resnet18", { layer: "basic", depths: [2, 2, 2, 2] }],
  ["resnet34", { layer: "basic", depths: [3, 4, 6, 3] }],
  ["resnet26", { layer: "bottleneck", depths: [2, 2, 2, 2] }],
  ["resnet50", { layer: "bottleneck", depths: [3, 4, 6, 3] }],
  ["resnet101", { layer: "bottleneck", depths: [3, 4, 23, 3] }],
  ["resnet152", { layer: "bottleneck", depths: [3, 8, 36, 3] }],
  ["resnet200", { layer: "bottleneck", depths: [3, 24, 36, 3] }],
]);

function grow(shape: ResnetShape, names: ResnetNames): CheckpointModel {
  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks: string[] = [];

  function convAndNorm([conv, norm]: ConvAndNorm, x: string, from: number, to: number, size: number, stride = 1): string {
    return layers.batchNorm(norm, layers.conv(conv, x, from, to, { size, stride }), to);
  }

  function block(path: string, x: string, from: number, to: number, stride: number): string {
    const inner = shape.layer === "bottleneck" ? Math.floor(to / 4) : to;
    const [first, second] = shape.stridesFirst ? [stride, 1] : [1, stride];
    const convolutions = shape.layer === "bottleneck" ? ([[from, inner, 1, first], [inner, inner, 3, second], [inner, to, 1, 1]] as const) : ([[from, to, 3, stride], [to, to, 3, 1]] as const);
    let y = x;
    for (const [i, [before, after, size, step]] of convolutions.entries()) {
      const [conv, norm] = names.conv(path, i);
      y = convAndNorm([conv, norm], y, before, after, size, step);
      if (i < convolutions.length - 1) y = layers.activation(norm, y, shape.act);
    }
    const hasShortcut = from !== to || stride !== 1;
    const shortcut = hasShortcut ? convAndNorm(names.shortcut(path), x, from, to, 1, stride) : x;
    blocks.push(hasShortcut ? path : `${path}${names.withoutShortcut}`);
    return layers.activation(path, builder.add(`${path}/sum`, "add", [y, shortcut], {}), shape.act);
  }

  const pixels = builder.input("pixel_values", [null, null, null, 3], "float32");
  let x = layers.activation(names.stem[1], convAndNorm(names.stem, pixels, 3, shape.stemWidth, 7, 2), shape.act);
  x = builder.add("pooler/max", "maxPool2d", [x], { poolSize: [3, 3], strides: [2, 2], padding: [[1, 1], [1, 1]] });
  let from = shape.stemWidth;
  for (const [stage, to] of shape.widths.entries()) {
    for (let i = 0; i < (shape.depths[stage] as number); i++) {
      x = block(names.block(stage, i), x, from, to, i === 0 && (stage > 0 || shape.halvesFirst) ? 2 : 1);
      from = to;
    }
  }
  const pooled = builder.add("pooler/mean", "mean", [x], { axes: [1, 2], keepDims: false });
  const output = shape.classes === 0 ? pooled : layers.linear(names.head, pooled, from, shape.classes);
  return { graph: builder.build([output]), features: x, blocks, input: { kind: "image", name: pixels } };
}

function timmShape(config: JsonCursor): ResnetShape {
  const { architecture, classes } = timmConfig(config);
  const known = timmArchitectures.get(architecture);
  if (known === undefined) throw config.get("architecture").wrong([...timmArchitectures.keys()].join(", "));
  const widths = [64, 128, 256, 512].map((width) => (known.layer === "bottleneck" ? 4 * width : width));
  return { ...known, stemWidth: 64, widths, act: "relu", halvesFirst: false, stridesFirst: false, classes };
}

function transformersShape(config: JsonCursor): ResnetShape {
  const depths = layerCounts(config.get("depths"), [3, 4, 6, 3]);
  const widths = counts(config.get("hidden_sizes"), [256, 512, 1024, 2048]);
  oneOf(config.get("num_channels"), 3, [3]);
  if (widths.length !== depths.length) throw new GraftError({ where: config.get("hidden_sizes").where, what: `there are ${widths.length} widths for ${depths.length} depths`, wanted: "one for each" });
  return {
    layer: oneOf(config.get("layer_type"), "bottleneck", ["basic", "bottleneck"]),
    stemWidth: count(config.get("embedding_size"), 64),
    widths,
    depths,
    act: activationOf(config.get("hidden_act"), "relu"),
    halvesFirst: config.get("downsample_in_first_stage").boolean(false),
    stridesFirst: config.get("downsample_in_bottleneck").boolean(false),
    classes: architectureOf(config, "ResNet", []) === "Model" ? 0 : classesOf(config),
  };
}

export const resnet: CheckpointFamily = {
  modelTypes: ["resnet"],
  basePrefix: "resnet.",
  build: (config) => (config.get("architecture").isMissing ? grow(transformersShape(config), transformersNames) : grow(timmShape(config), timmNames)),
};
