/** Where timm splits a network into other parameters than transformers does: the same weights, renamed, give the same logits. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { sizeOf } from "../../core/shape.ts";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { GraphModule } from "../../engine/module.ts";
import { tf } from "../../engine/tf.ts";
import type { Graph, Weights, WeightValues } from "../../graph/types.ts";
import { buildCheckpoint } from "../testing/checkpoint-problems.ts";

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));
const classes = 10;
const id2label = Object.fromEntries(Array.from({ length: classes }, (_, i) => [i, `label ${i}`]));

const graphOf = (config: object): Graph => buildCheckpoint(config).graph;

/** Kernels of a trained network's size, scales and variances about 1; no two parameters alike. */
function weightsOf({ parameters }: Graph): Weights {
  return new Map(
    parameters.map(({ name, shape }, at) => {
      const isScale = shape.length === 1 && /weight$|running_var$/.test(name);
      const spread = shape.length === 1 ? 0.1 : 1 / Math.sqrt(sizeOf(shape) / Math.max(...shape));
      return [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => (isScale ? 1 : 0) + spread * Math.sin(0.37 * i * (i % 97) + at))];
    }),
  );
}

/** What each block's three layers are in timm's one; all else by the rules, in order. */
function toVit(weights: Weights, rules: readonly (readonly [RegExp, string])[]): Weights {
  const renamed = new Map<string, WeightValues>();
  for (const [name, values] of weights) {
    if (/attention\/attention\/(key|value)/.test(name)) continue;
    const joined = /attention\/attention\/query/.test(name) ? ["query", "key", "value"].flatMap((part) => [...(weights.get(name.replace("query", part)) as WeightValues)]) : null;
    renamed.set(rules.reduce((result, [pattern, by]) => result.replace(pattern, by), name), joined === null ? values : Float32Array.from(joined));
  }
  return renamed;
}

const vitRules = [
  [/^(vit|deit)\/(embeddings\/)?/, ""],
  [/^distillation_token$/, "dist_token"],
  [/^position_embeddings$/, "pos_embed"],
  [/^patch_embeddings\/projection/, "patch_embed/proj"],
  [/^encoder\/layer/, "blocks"],
  [/layernorm_before/, "norm1"],
  [/layernorm_after/, "norm2"],
  [/attention\/attention\/query/, "attn/qkv"],
  [/attention\/output\/dense/, "attn/proj"],
  [/intermediate\/dense/, "mlp/fc1"],
  [/output\/dense/, "mlp/fc2"],
  [/^layernorm\//, "norm/"],
  [/^distillation_classifier/, "head_dist"],
  [/^(cls_)?classifier/, "head"],
] as const;

/** Where each of timm's stages starts among the blocks of transformers, whose stem holds timm's first block. */
const starts = [0, 2, 5, 9, 12, 15];

/** The path of a convolution and its norm, and timm's two. */
const mobilenetPaths: readonly (readonly [path: string, conv: string, norm: string])[] = [
  ["conv_stem/first_conv", "conv_stem", "bn1"],
  ["conv_stem/conv_3x3", "blocks/0/0/conv_dw", "blocks/0/0/bn1"],
  ["conv_stem/reduce_1x1", "blocks/0/0/conv_pw", "blocks/0/0/bn2"],
  ["conv_1x1", "conv_head", "bn2"],
  ...Array.from({ length: 16 }, (_, i) => {
    const stage = starts.findLastIndex((start) => start <= i);
    const block = `blocks/${stage + 1}/${i - (starts[stage] as number)}`;
    return [
      [`layer/${i}/expand_1x1`, `${block}/conv_pw`, `${block}/bn1`],
      [`layer/${i}/conv_3x3`, `${block}/conv_dw`, `${block}/bn2`],
      [`layer/${i}/reduce_1x1`, `${block}/conv_pwl`, `${block}/bn3`],
    ] as const;
  }).flat(),
];

function toMobilenetV2(name: string): string {
  const [path, conv, norm] = mobilenetPaths.find(([prefix]) => name.startsWith(`mobilenet_v2/${prefix}/`)) ?? [];
  if (path === undefined) return name;
  return name.replace(`mobilenet_v2/${path}/convolution`, conv as string).replace(`mobilenet_v2/${path}/normalization`, norm as string);
}

const vit = { model_type: "vit", hidden_size: 192, num_hidden_layers: 12, num_attention_heads: 3, intermediate_size: 768, image_size: 64, patch_size: 32, layer_norm_eps: 1e-6, id2label };
const cases: readonly (readonly [string, object, number, (weights: Weights) => Weights])[] = [
  ["vit_tiny_patch32_64", vit, 64, (weights) => toVit(weights, vitRules)],
  ["deit_tiny_distilled_patch32_64", { ...vit, model_type: "deit", architectures: ["DeiTForImageClassificationWithTeacher"] }, 64, (weights) => toVit(weights, vitRules)],
  ["mobilenetv2_035", { model_type: "mobilenet_v2", depth_multiplier: 0.35, layer_norm_eps: 1e-5, tf_padding: false, id2label }, 48, (weights) => new Map([...weights].map(([name, values]) => [toMobilenetV2(name), values]))],
];

async function logitsOf(graph: Graph, weights: Weights, size: number): Promise<{ readonly shape: number[]; readonly values: Float32Array }> {
  const module = new GraphModule({ graph, weights }, new Set());
  const x = tf.tidy(() => tf.reshape(tf.sin(tf.mul(tf.range(0, 2 * size * size * 3), 0.7)), [2, size, size, 3]));
  const outputs = module.runTrunk(new Map([["pixel_values", x]]));
  const [logits] = [...outputs.values()] as [tf.Tensor];
  const result = { shape: logits.shape, values: (await logits.data()) as Float32Array };
  for (const tensor of [x, logits]) tensor.dispose();
  module.dispose();
  return result;
}

describe("timm's names", () => {
  beforeAll(async () => {
    expect(await useBackend("wasm", { wasmPath })).toMatchObject({ backend: "wasm" });
  });

  it.each(cases)("%s computes what transformers' names do", async (architecture, config, size, rename) => {
    const published = graphOf(config);
    const graph = graphOf({ architecture, num_classes: classes });
    const weights = weightsOf(published);
    const renamed = rename(weights);
    expect([...renamed.keys()].sort()).toEqual(graph.parameters.map(({ name }) => name).sort());
    const want = await logitsOf(published, weights, size);
    expect(Math.max(...want.values) - Math.min(...want.values)).toBeGreaterThan(0.01);
    expect(await logitsOf(graph, renamed, size)).toBeAllClose(want, { rtol: 1e-5, atol: 1e-5 });
  });
});
