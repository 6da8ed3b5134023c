/** What transformers and timm call the parameters of a ViT. Names of layers within a block follow the block's path. */

export interface VitNames {
  readonly classToken: string;
  readonly distillationToken: string;
  readonly positions: string;
  readonly patches: string;
  readonly block: (index: number) => string;
  readonly normBefore: string;
  /** Three layers, or one whose outputs are queries, keys and values in this order. */
  readonly qkv: { readonly kind: "apart"; readonly names: readonly string[] } | { readonly kind: "joined"; readonly name: string };
  readonly attentionOutput: string;
  readonly normAfter: string;
  readonly inner: string;
  readonly outer: string;
  readonly lastNorm: string;
  readonly head: string;
  /** Of the class token and of the distillation token. */
  readonly distilledHeads: readonly [string, string];
}

export function transformersNames(base: "vit" | "deit"): VitNames {
  return {
    classToken: `${base}/embeddings/cls_token`,
    distillationToken: `${base}/embeddings/distillation_token`,
    positions: `${base}/embeddings/position_embeddings`,
    patches: `${base}/embeddings/patch_embeddings/projection`,
    block: (index) => `${base}/encoder/layer/${index}`,
    normBefore: "layernorm_before",
    qkv: { kind: "apart", names: ["query", "key", "value"].map((name) => `attention/attention/${name}`) },
    attentionOutput: "attention/output/dense",
    normAfter: "layernorm_after",
    inner: "intermediate/dense",
    outer: "output/dense",
    lastNorm: `${base}/layernorm`,
    head: "classifier",
    distilledHeads: ["cls_classifier", "distillation_classifier"],
  };
}

export const timmNames: VitNames = {
  classToken: "cls_token",
  distillationToken: "dist_token",
  positions: "pos_embed",
  patches: "patch_embed/proj",
  block: (index) => `blocks/${index}`,
  normBefore: "norm1",
  qkv: { kind: "joined", name: "attn/qkv" },
  attentionOutput: "attn/proj",
  normAfter: "norm2",
  inner: "mlp/fc1",
  outer: "mlp/fc2",
  lastNorm: "norm",
  head: "head",
  distilledHeads: ["head", "head_dist"],
};
