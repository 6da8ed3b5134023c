/**
 * The image families whose checkpoints can be read, by the configs of published ones: as many parameters as published, names, blocks,
 * features, and what a config may not ask for. What they compute: ../families.long.test.ts.
 */
import { describe, expect, it } from "vitest";
import { sizeOf } from "../../core/shape.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { upstreamTensors } from "../../formats/safetensors/upstream.ts";
import { allGroups, layerGroups } from "../../graph/layer-groups.ts";
import { inferShapes } from "../../graph/shapes.ts";
import type { Graph } from "../../graph/types.ts";
import torchvision from "../goldens/torchvision-names.json" with { type: "json" };
import vision from "../goldens/checkpoints-vision.json" with { type: "json" };
import { buildCheckpoint } from "../testing/checkpoint-problems.ts";
import { familyOf } from "./find-family.ts";
import type { CheckpointModel } from "./types.ts";

type Config = Readonly<Record<string, unknown>>;

const thousand = { id2label: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [String(i), `label ${i}`])) };
const vitBase = { model_type: "vit", architectures: ["ViTForImageClassification"], hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072, image_size: 224, patch_size: 16, qkv_bias: true, ...thousand };
const convnextTiny = { model_type: "convnext", architectures: ["ConvNextForImageClassification"], depths: [3, 3, 9, 3], hidden_sizes: [96, 192, 384, 768], layer_norm_eps: 1e-12, layer_scale_init_value: 1e-6, ...thousand };
const resnet50 = { model_type: "resnet", architectures: ["ResNetForImageClassification"], layer_type: "bottleneck", embedding_size: 64, depths: [3, 4, 6, 3], hidden_sizes: [256, 512, 1024, 2048], hidden_act: "relu", ...thousand };
const mobilenetV2 = { model_type: "mobilenet_v2", architectures: ["MobileNetV2ForImageClassification"], depth_multiplier: 1, expand_ratio: 6, tf_padding: true, ...thousand };
const timm = (architecture: string): Config => ({ architecture, num_classes: 1000, pretrained_cfg: { input_size: [3, 224, 224] } });

const build = (config: object): CheckpointModel => buildCheckpoint(config);
const weightsOf = ({ parameters }: Graph): number => parameters.filter(({ role }) => role === "weight").reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** torchvision 0.14's own counts; ViT-B/16 with a second token, position and head is DeiT. */
const exact: readonly (readonly [string, Config, number])[] = [
  ["vit-base-patch16-224", vitBase, 86_567_656],
  ["vit-large-patch32", { ...vitBase, hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, intermediate_size: 4096, patch_size: 32 }, 306_535_400],
  ["deit-base-distilled-patch16-224", { ...vitBase, model_type: "deit", architectures: ["DeiTForImageClassificationWithTeacher"] }, 86_567_656 + 768 + 768 + 769_000],
  ["deit-base, of the class token alone", { ...vitBase, model_type: "deit", architectures: ["DeiTForImageClassification"] }, 86_567_656 + 768 + 768],
  ["resnet-50", resnet50, 25_557_032],
  ["resnet-18", { ...resnet50, layer_type: "basic", depths: [2, 2, 2, 2], hidden_sizes: [64, 128, 256, 512] }, 11_689_512],
  ["resnet34 of timm", timm("resnet34"), 21_797_672],
  ["resnet101 of timm", timm("resnet101"), 44_549_160],
  ["resnet152 of timm", timm("resnet152"), 60_192_808],
  ["mobilenet_v2_1.0_224", mobilenetV2, 3_504_872],
  ["mobilenetv3_large_100", timm("mobilenetv3_large_100"), 5_483_032],
  ["tf_mobilenetv3_small_100", timm("tf_mobilenetv3_small_100"), 2_542_856],
  ["convnext-tiny-224", convnextTiny, 28_589_128],
  ["convnext-small-224", { ...convnextTiny, depths: [3, 3, 27, 3] }, 50_223_688],
  ["vit_base_patch16_224 of timm", timm("vit_base_patch16_224"), 86_567_656],
  ["vit_large_patch16_224 of timm", timm("vit_large_patch16_224"), 304_326_632],
  ["deit_base_distilled_patch16_224 of timm", timm("deit_base_distilled_patch16_224"), 86_567_656 + 768 + 768 + 769_000],
  ["mobilenetv2_100 of timm", timm("mobilenetv2_100"), 3_504_872],
  ["convnext_base of timm", timm("convnext_base"), 88_591_464],
  ["convnext-large-224", { ...convnextTiny, depths: [3, 3, 27, 3], hidden_sizes: [192, 384, 768, 1536] }, 197_767_336],
];

/** In millions, as timm's results list them. */
const listed: readonly (readonly [string, string])[] = [
  ["mobilenetv3_small_050", "1.59"],
  ["mobilenetv3_small_075", "2.04"],
  ["mobilenetv3_large_075", "3.99"],
  ["mobilenetv2_035", "1.68"],
  ["mobilenetv2_140", "6.11"],
  ["vit_tiny_patch16_224", "5.72"],
  ["deit_small_patch16_224", "22.05"],
  ["vit_base_patch8_224", "86.58"],
  ["convnext_xlarge", "350.20"],
];

describe("families of published image models", () => {
  it.each(exact)("%s has as many parameters as published", (_, config, want) => {
    const { graph, features } = build(config);
    expect(weightsOf(graph)).toBe(want);
    const shapes = inferShapes(graph);
    expect(shapes.get(graph.outputs[0] as string)).toEqual([null, 1000]);
    const shape = shapes.get(features) ?? [];
    expect([2, 4]).toContain(shape.length);
    expect(shape.at(-1)).toBeGreaterThan(0);
  });

  it.each(listed)("%s has %s million parameters", (architecture, want) => {
    expect((weightsOf(build(timm(architecture)).graph) / 1e6).toFixed(2)).toBe(want);
  });

  it("gives ResNets of timm torchvision's names and shapes", () => {
    expect(torchvision.cases.map(({ name }) => name)).toEqual(["resnet18", "resnet50"]);
    for (const { name, tensors } of torchvision.cases) {
      const ours = [...upstreamTensors(build(timm(name)).graph).values()].map((tensor) => [tensor.name, [...tensor.shape]]);
      expect(Object.fromEntries(ours)).toEqual(tensors);
    }
  });

  it("has its blocks as layer groups, in flow order, and one input of RGB images", () => {
    const small = vision.cases.map(({ name, config }) => ({ name, config: config }));
    const published = ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "resnet18", "resnet50", "mobilenetv2_100", "mobilenetv3_large_100", "convnext_tiny"].map((name) => ({ name, config: timm(name) }));
    const types = new Set(small.flatMap(({ config }) => familyOf(new JsonCursor(config, "config.json")).modelTypes));
    expect([...types].sort()).toEqual(["convnext", "deit", "mobilenet_v2", "mobilenetv2", "mobilenetv3", "resnet", "tf_mobilenetv3", "vit"]);
    for (const { name, config } of [...small, ...published]) {
      const { graph, blocks, input } = build(config);
      const paths = allGroups(layerGroups(graph)).map(({ path }) => path);
      expect(blocks.length, name).toBeGreaterThan(1);
      expect(paths.filter((path) => blocks.includes(path)), name).toEqual(blocks);
      const size = input.kind === "image" ? (input.size ?? null) : undefined;
      expect(graph.inputs, name).toEqual([{ name: input.name, shape: [null, size, size, 3], dtype: "float32" }]);
    }
  });

  it.each<readonly [Config, readonly (number | null)[]]>([
    [{ ...vitBase, architectures: ["ViTModel"] }, [null, 768]],
    [{ ...resnet50, architectures: ["ResNetModel"] }, [null, 2048]],
    [{ ...mobilenetV2, architectures: ["MobileNetV2Model"] }, [null, 1280]],
    [{ ...convnextTiny, architectures: ["ConvNextModel"] }, [null, 768]],
    [{ ...timm("mobilenetv3_small_100"), num_classes: 0 }, [null, 1024]],
    [{ ...timm("deit_tiny_distilled_patch16_224"), num_classes: 0 }, [null, 192]],
  ])("builds the bare trunk %#", (config, want) => {
    const { graph } = build(config);
    expect(inferShapes(graph).get(graph.outputs[0] as string)).toEqual(want);
    expect(graph.parameters.filter(({ name }) => /classifier|^fc/.test(name))).toEqual([]);
  });

  it.each<readonly [Config, string]>([
    [{ ...vitBase, num_channels: 1 }, 'config.json, "num_channels": it is 1. Expected 3.'],
    [{ ...vitBase, hidden_act: "quick_gelu" }, 'config.json, "hidden_act": it is "quick_gelu". Expected relu, '],
    [{ ...vitBase, num_hidden_layers: 1e9 }, 'config.json, "num_hidden_layers": it is 1000000000. Expected a whole number of at most 1000.'],
    [{ ...resnet50, depths: [3, 1e9, 6, 3] }, 'config.json, "depths", item 1: it is 1000000000. Expected a whole number of at most 1000.'],
    [{ ...vitBase, image_size: [224, 192] }, 'config.json, "image_size": it is [224,192]. Expected a whole number'],
    [{ ...vitBase, num_attention_heads: 7 }, 'config.json, "num_attention_heads": 7 heads do not divide the width of 768.'],
    [{ ...vitBase, patch_size: 256 }, 'config.json, "patch_size": a patch of 256 pixels does not fit into an image of 224.'],
    [{ ...vitBase, architectures: ["ViTForMaskedImageModeling"] }, 'config.json, "architectures", item 0: it is "ViTForMaskedImageModeling". Expected ViTModel or ViTForImageClassification.'],
    [{ ...resnet50, layer_type: "preact" }, 'config.json, "layer_type": it is "preact". Expected "basic" or "bottleneck".'],
    [{ ...resnet50, hidden_sizes: [256, 512] }, 'config.json, "hidden_sizes": there are 2 widths for 4 depths.'],
    [timm("resnet50d"), 'config.json, "architecture": it is "resnet50d". Expected resnet18, '],
    [{ ...timm("resnet18"), model_args: { in_chans: 1 } }, 'config.json, "model_args": it changes "in_chans".'],
    [{ ...timm("resnet18"), pretrained_cfg: { input_size: [1, 28, 28] } }, 'config.json, "pretrained_cfg", "input_size", item 0: it is 1. Expected 3.'],
    [{ ...mobilenetV2, output_stride: 8 }, 'config.json, "output_stride": it is 8. Expected 32.'],
    [{ ...mobilenetV2, first_layer_is_expansion: false }, 'config.json, "first_layer_is_expansion": it is false. Expected true.'],
    [timm("mobilenetv3_rw"), 'config.json, "architecture": it is "mobilenetv3_rw". Expected a network such as mobilenetv2_100'],
    [timm("vit_base_patch16_clip_224"), 'config.json, "architecture": it is "vit_base_patch16_clip_224". Expected a network such as vit_base_patch16_224'],
    [timm("convnext_nano"), 'config.json, "architecture": it is "convnext_nano". Expected convnext_tiny, '],
    [{ ...convnextTiny, num_stages: 3 }, 'config.json, "hidden_sizes": there are 4 widths and 4 depths for 3 stages.'],
  ])("refuses a config by the name of its field %#", (config, sentence) => {
    expect(() => build(config)).toThrow(sentence);
  });
});
