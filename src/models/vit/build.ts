/**
 * ViT (Dosovitskiy et al., 2020) and DeiT (Touvron et al., 2020): an image becomes square patches, a class token goes ahead of them,
 * and its last state is what a classifier reads. DeiT adds a token that learnt from a teacher. Learned positions: no other image size
 * than the checkpoint's. What parameters are called, by transformers and by timm, is in names.ts.
 */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { architectureOf, classesOf, count, layerCount, oneOf, timmConfig } from "../checkpoints/config-fields.ts";
import { activationOf, TorchLayers, type ActivationName } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";
import { timmNames, transformersNames, type VitNames } from "./names.ts";

interface VitShape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly innerWidth: number;
  readonly act: ActivationName;
  readonly epsilon: number;
  /** Whether queries, keys and values have biases. */
  readonly bias: boolean;
  /** Pixels a side. */
  readonly size: number;
  readonly patch: number;
  /** Whether there is a second token beside the class token. */
  readonly distilled: boolean;
  /** A classifier on the class token, or the mean of one on each token. */
  readonly output: "features" | "class token" | "both tokens";
  readonly classes: number;
}

function grow(shape: VitShape, names: VitNames): CheckpointModel {
  const { width, heads, size, patch, epsilon } = shape;
  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const side = Math.floor(size / patch);
  const blocks = Array.from({ length: shape.layers }, (_, i) => names.block(i));
  const pixels = builder.input("pixel_values", [null, size, size, 3], "float32");

  const grid = layers.conv(names.patches, pixels, 3, width, { size: patch, stride: patch, padding: "valid", bias: true });
  const patches = builder.add(`${names.patches}/flat`, "reshape", [grid], { shape: [-1, side * side, width] });
  const tokens = [names.classToken, ...(shape.distilled ? [names.distillationToken] : [])].map((name) =>
    builder.add(`${name}/of_each`, "broadcastLike", [builder.parameter(name, [1, 1, width]), patches], { axes: [0] }),
  );
  const sequence = builder.add("tokens/joined", "concat", [...tokens, patches], { axis: 1 });
  let x = builder.add("tokens/placed", "add", [sequence, builder.parameter(names.positions, [1, tokens.length + side * side, width])], {});

  // Every token counts, in every image.
  const one = builder.add("mask/one", "constant", [], { shape: [1, 1, 1], values: [1], dtype: "float32" });
  const mask = builder.add("mask/out", "reshape", [builder.add("mask/of_each", "broadcastLike", [one, x], { axes: [0, 1] })], { shape: [-1, tokens.length + side * side] });

  function queriesKeysValues(path: string, states: string): readonly string[] {
    const { qkv } = names;
    if (qkv.kind === "apart") return qkv.names.map((name) => layers.linear(`${path}/${name}`, states, width, width, { bias: shape.bias }));
    const joined = layers.linear(`${path}/${qkv.name}`, states, width, 3 * width, { bias: shape.bias });
    return ["query", "key", "value"].map((name, i) => builder.add(`${path}/${qkv.name}/${name}`, "slice", [joined], { begin: [0, 0, i * width], size: [-1, -1, width] }));
  }

  for (const path of blocks) {
    const attention = builder.add(`${path}/heads`, "attention", [...queriesKeysValues(path, layers.layerNorm(`${path}/${names.normBefore}`, x, width, epsilon)), mask], { heads, scale: 1 / Math.sqrt(width / heads) });
    x = builder.add(`${path}/attended`, "add", [layers.linear(`${path}/${names.attentionOutput}`, attention, width, width), x], {});
    const inner = layers.linear(`${path}/${names.inner}`, layers.layerNorm(`${path}/${names.normAfter}`, x, width, epsilon), width, shape.innerWidth);
    const outer = layers.linear(`${path}/${names.outer}`, layers.activation(`${path}/${names.inner}`, inner, shape.act), shape.innerWidth, width);
    x = builder.add(`${path}/result`, "add", [outer, x], {});
  }
  x = layers.layerNorm(names.lastNorm, x, width, epsilon);

  const tokenAt = (position: number, name: string): string => {
    const token = builder.add(`${name}/slice`, "slice", [x], { begin: [0, position, 0], size: [-1, 1, -1] });
    return builder.add(`${name}/out`, "reshape", [token], { shape: [-1, width] });
  };
  const features = tokenAt(0, "class_token");
  const head = (path: string, from: string): string => layers.linear(path, from, width, shape.classes);

  function output(): string {
    if (shape.output === "features") return features;
    if (shape.output === "class token") return head(names.head, features);
    const both = names.distilledHeads.map((path, i) => head(path, i === 0 ? features : tokenAt(1, "distillation_token")));
    const half = builder.add("logits/half", "constant", [], { shape: [], values: [0.5], dtype: "float32" });
    return builder.add("logits/out", "multiply", [builder.add("logits/sum", "add", both, {}), half], {});
  }
  return { graph: builder.build([output()]), features, blocks, input: { kind: "image", name: pixels, size } };
}

function transformersModel(config: JsonCursor): CheckpointModel {
  const distilled = oneOf(config.get("model_type"), "vit", ["vit", "deit"]) === "deit";
  const architecture = architectureOf(config, distilled ? "DeiT" : "ViT", distilled ? ["ForImageClassificationWithTeacher"] : []);
  const width = count(config.get("hidden_size"), 768);
  const heads = count(config.get("num_attention_heads"), 12);
  const size = count(config.get("image_size"), 224);
  const patch = count(config.get("patch_size"), 16);
  oneOf(config.get("num_channels"), 3, [3]);
  if (width % heads !== 0) throw new GraftError({ where: config.get("num_attention_heads").where, what: `${heads} heads do not divide the width of ${width}` });
  if (patch > size) throw new GraftError({ where: config.get("patch_size").where, what: `a patch of ${patch} pixels does not fit into an image of ${size}` });
  const outputs = { Model: "features", ForImageClassification: "class token", ForImageClassificationWithTeacher: "both tokens" } as const;
  const shape: VitShape = {
    width,
    heads,
    size,
    patch,
    distilled,
    layers: layerCount(config.get("num_hidden_layers"), 12),
    innerWidth: count(config.get("intermediate_size"), 3072),
    act: activationOf(config.get("hidden_act"), "gelu"),
    epsilon: config.get("layer_norm_eps").number(1e-12),
    bias: config.get("qkv_bias").boolean(true),
    output: outputs[architecture],
    classes: architecture === "Model" ? 0 : classesOf(config),
  };
  return grow(shape, transformersNames(distilled ? "deit" : "vit"));
}

/** Width, layers and heads by the size in timm's name. */
const timmSizes: ReadonlyMap<string, readonly [width: number, layers: number, heads: number]> = new Map([
  ["tiny", [192, 12, 3]],
  ["small", [384, 12, 6]],
  ["base", [768, 12, 12]],
  ["large", [1024, 24, 16]],
  ["huge", [1280, 32, 16]],
]);

/** timm's networks that are Dosovitskiy et al.'s and Touvron et al.'s; the others that are called so pool, norm or attend in another way. */
const timmPattern = /^(vit|deit)_(tiny|small|base|large|huge)(_distilled)?_patch(\d+)_(\d+)$/;

function timmModel(config: JsonCursor): CheckpointModel {
  const { architecture, classes } = timmConfig(config);
  const [, , sizeName = "", distillation, patch, size] = timmPattern.exec(architecture) ?? [];
  const known = timmSizes.get(sizeName);
  if (known === undefined) throw config.get("architecture").wrong("a network such as vit_base_patch16_224 or deit_small_distilled_patch16_224");
  const [width, layers, heads] = known;
  const distilled = distillation !== undefined;
  const tokens = distilled ? "both tokens" : "class token";
  const shape: VitShape = { width, layers, heads, innerWidth: 4 * width, act: "gelu", epsilon: 1e-6, bias: true, size: Number(size), patch: Number(patch), distilled, output: classes === 0 ? "features" : tokens, classes };
  return grow(shape, timmNames);
}

const build = (config: JsonCursor): CheckpointModel => (config.get("architecture").isMissing ? transformersModel(config) : timmModel(config));

export const vit: CheckpointFamily = { modelTypes: ["vit"], basePrefix: "vit.", build };
export const deit: CheckpointFamily = { modelTypes: ["deit"], basePrefix: "deit.", build };
