/**
 * ViT (Dosovitskiy et al., 2020) and DeiT (Touvron et al., 2020), as transformers names their parameters: an image becomes square
 * patches, a class token goes ahead of them, and its last state is what a classifier reads. DeiT adds a token that learnt from a
 * teacher. Learned positions: no other image size than the config's.
 */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraftError } from "../../core/errors.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { architectureOf, classesOf, count, oneOf } from "../checkpoints/config-fields.ts";
import { activationOf, TorchLayers } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

function build(config: JsonCursor): CheckpointModel {
  const distilled = oneOf(config.get("model_type"), "vit", ["vit", "deit"]) === "deit";
  const base = distilled ? "deit" : "vit";
  const architecture = architectureOf(config, distilled ? "DeiT" : "ViT", distilled ? ["ForImageClassificationWithTeacher"] : []);
  const width = count(config.get("hidden_size"), 768);
  const heads = count(config.get("num_attention_heads"), 12);
  const innerWidth = count(config.get("intermediate_size"), 3072);
  const epsilon = config.get("layer_norm_eps").number(1e-12);
  const act = activationOf(config.get("hidden_act"), "gelu");
  const bias = config.get("qkv_bias").boolean(true);
  const size = count(config.get("image_size"), 224);
  const patch = count(config.get("patch_size"), 16);
  oneOf(config.get("num_channels"), 3, [3]);
  if (width % heads !== 0) throw new GraftError({ where: config.get("num_attention_heads").where, what: `${heads} heads do not divide the width of ${width}` });
  const side = Math.floor(size / patch);
  if (side === 0) throw new GraftError({ where: config.get("patch_size").where, what: `a patch of ${patch} pixels does not fit into an image of ${size}` });

  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks = Array.from({ length: count(config.get("num_hidden_layers"), 12) }, (_, i) => `${base}/encoder/layer/${i}`);
  const pixels = builder.input("pixel_values", [null, size, size, 3], "float32");

  const embeddings = `${base}/embeddings`;
  const grid = layers.conv(`${embeddings}/patch_embeddings/projection`, pixels, 3, width, { size: patch, stride: patch, padding: "valid", bias: true });
  const patches = builder.add(`${embeddings}/patches`, "reshape", [grid], { shape: [-1, side * side, width] });
  const tokens = ["cls_token", ...(distilled ? ["distillation_token"] : [])].map((name) => {
    const token = builder.parameter(`${embeddings}/${name}`, [1, 1, width]);
    return builder.add(`${embeddings}/${name}_of_each`, "broadcastLike", [token, patches], { axes: [0] });
  });
  const length = tokens.length + side * side;
  const sequence = builder.add(`${embeddings}/tokens`, "concat", [...tokens, patches], { axis: 1 });
  let x = builder.add(`${embeddings}/sum`, "add", [sequence, builder.parameter(`${embeddings}/position_embeddings`, [1, length, width])], {});

  // Every token counts, in every image.
  const ones = builder.add("mask/ones", "constant", [], { shape: [1, length, 1], values: new Array<number>(length).fill(1), dtype: "float32" });
  const mask = builder.add("mask/out", "reshape", [builder.add("mask/of_each", "broadcastLike", [ones, x], { axes: [0] })], { shape: [-1, length] });

  function attention(path: string, states: string): string {
    const [query, key, value] = ["query", "key", "value"].map((name) => layers.linear(`${path}/attention/${name}`, states, width, width, { bias })) as [string, string, string];
    const mixed = builder.add(`${path}/attention/out`, "attention", [query, key, value, mask], { heads, scale: 1 / Math.sqrt(width / heads) });
    return layers.linear(`${path}/output/dense`, mixed, width, width);
  }

  for (const path of blocks) {
    x = builder.add(`${path}/attention/sum`, "add", [attention(`${path}/attention`, layers.layerNorm(`${path}/layernorm_before`, x, width, epsilon)), x], {});
    const inner = layers.linear(`${path}/intermediate/dense`, layers.layerNorm(`${path}/layernorm_after`, x, width, epsilon), width, innerWidth);
    const outer = layers.linear(`${path}/output/dense`, layers.activation(`${path}/intermediate`, inner, act), innerWidth, width);
    x = builder.add(`${path}/output/sum`, "add", [outer, x], {});
  }
  x = layers.layerNorm(`${base}/layernorm`, x, width, epsilon);

  const tokenAt = (position: number, name: string): string => {
    const token = builder.add(`${base}/${name}/slice`, "slice", [x], { begin: [0, position, 0], size: [-1, 1, -1] });
    return builder.add(`${base}/${name}/out`, "reshape", [token], { shape: [-1, width] });
  };
  const features = tokenAt(0, "class_token");
  const head = (path: string, from: string): string => layers.linear(path, from, width, classesOf(config));

  function output(): string {
    if (architecture === "Model") return features;
    if (architecture === "ForImageClassification") return head("classifier", features);
    const both = [head("cls_classifier", features), head("distillation_classifier", tokenAt(1, "distillation_token"))];
    const half = builder.add("logits/half", "constant", [], { shape: [], values: [0.5], dtype: "float32" });
    return builder.add("logits/out", "multiply", [builder.add("logits/sum", "add", both, {}), half], {});
  }
  return { graph: builder.build([output()]), features, blocks, input: { kind: "image", name: pixels, size } };
}

export const vit: CheckpointFamily = { modelTypes: ["vit"], basePrefix: "vit.", build };
export const deit: CheckpointFamily = { modelTypes: ["deit"], basePrefix: "deit.", build };
