/**
 * A transformer encoder (Vaswani et al., 2017) with learned positions and a classifier on the mean of its tokens, in the
 * arrangement of BERT (norm after each sum) or of GPT-2 (norm before each part). A family without embedded weights: it starts
 * from `initialiseTransformerEncoder`.
 *
 * Queries, keys and values come from one product: three slices cost less than two more products, both ways.
 */
import type { Rng } from "../../core/rng.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph, Weights } from "../../graph/types.ts";
import { initialWeights } from "../initial-weights.ts";

export interface TransformerEncoderConfig {
  readonly layers: number;
  /** Of a token's vector; the feed-forward part is four times as wide. */
  readonly width: number;
  readonly heads: number;
  /** Of every text: shorter ones are padded. */
  readonly tokens: number;
  /** Rows of the token table, the padding's among them. */
  readonly vocabulary: number;
  readonly classes: number;
  /** Where the layer norms are. "pre" by default. */
  readonly norm?: "pre" | "post";
  /** 0 by default. */
  readonly paddingId?: number;
  /** Of the layer norms; 1e-5 by default, as in PyTorch. */
  readonly epsilon?: number;
  /** The tanh form of GELU, as in GPT-2; exact by default, as in BERT. */
  readonly approximateGelu?: boolean;
}

/** int32 [batch, tokens] */
export const inputName = "ids";
/** [batch, width] */
export const featuresName = "pooler/mean";

/** In flow order. */
export function blocks({ layers }: Pick<TransformerEncoderConfig, "layers">): readonly string[] {
  return Array.from({ length: layers }, (_, i) => `encoder/layer_${i}`);
}

/** -> logits [batch, classes] */
export function buildTransformerEncoder(config: TransformerEncoderConfig): Graph {
  const { width, heads, tokens, vocabulary, classes, norm = "pre", paddingId = 0, epsilon = 1e-5, approximateGelu = false } = config;
  const builder = new GraphBuilder();

  function dense(path: string, x: string, from: number, to: number): string {
    const product = builder.add(`${path}/matmul`, "matMul", [x, builder.parameter(`${path}/kernel`, [from, to])], { transposeA: false, transposeB: false });
    return builder.add(`${path}/out`, "add", [product, builder.parameter(`${path}/bias`, [to])], {});
  }

  function layerNorm(path: string, x: string): string {
    return builder.add(`${path}/out`, "layerNorm", [x, builder.parameter(`${path}/gamma`, [width]), builder.parameter(`${path}/beta`, [width])], { epsilon });
  }

  function attention(path: string, x: string): string {
    const qkv = dense(`${path}/qkv`, x, width, 3 * width);
    const [query, key, value] = ["query", "key", "value"].map((name, i) => builder.add(`${path}/${name}`, "slice", [qkv], { begin: [0, 0, i * width], size: [-1, -1, width] })) as [string, string, string];
    const mixed = builder.add(`${path}/heads`, "attention", [query, key, value, mask], { heads, scale: 1 / Math.sqrt(width / heads) });
    return dense(`${path}/output`, mixed, width, width);
  }

  function feedForward(path: string, x: string): string {
    const active = builder.add(`${path}/gelu`, "gelu", [dense(`${path}/inner`, x, width, 4 * width)], { approximate: approximateGelu });
    return dense(`${path}/outer`, active, 4 * width, width);
  }

  function residual(path: string, x: string, part: (path: string, x: string) => string): string {
    const y = part(path, norm === "pre" ? layerNorm(`${path}/norm`, x) : x);
    const sum = builder.add(`${path}/sum`, "add", [x, y], {});
    return norm === "pre" ? sum : layerNorm(`${path}/norm`, sum);
  }

  const ids = builder.input(inputName, [null, tokens], "int32");
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId });
  const embedded = builder.add("embedding/tokens/out", "embedding", [builder.parameter("embedding/tokens/table", [vocabulary, width]), ids], {});
  let x = builder.add("embedding/sum", "add", [embedded, builder.parameter("embedding/positions/table", [tokens, width])], {});
  if (norm === "post") x = layerNorm("embedding/norm", x);
  for (const path of blocks(config)) {
    x = residual(`${path}/attention`, x, attention);
    x = residual(`${path}/feed_forward`, x, feedForward);
  }
  if (norm === "pre") x = layerNorm("pooler/norm", x);
  const mean = builder.add(featuresName, "maskedMean", [x, mask], {});
  return builder.build([dense("classifier", mean, width, classes)]);
}

/** Normal with deviation 0.02, as BERT and GPT-2 start. */
export function initialiseTransformerEncoder(graph: Graph, rng: Rng): Weights {
  return initialWeights(graph, rng, () => 0.02);
}
