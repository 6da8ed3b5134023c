/**
 * What an architecture whose checkpoints are published as config.json and safetensors is to Graft: config in, graph out. Reading
 * files, tokenizers and weights is shared and not a family's business.
 */
import type { Graph } from "../../graph/types.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";

/**
 * Parameter paths are the upstream names with `/` for `.`: `bert/encoder/layer/0/attention/self/query/weight`. Linear weights
 * keep their upstream layout (a product with `transposeB` where that is [out, in]); convolution kernels are [h, w, in, out] and
 * are permuted when a checkpoint is read or written, which the graph's ops tell without the family's help.
 */
export interface CheckpointModel {
  /** Its output is what the architecture that the config names computes: class logits, or [batch, tokens, vocabulary]. */
  readonly graph: Graph;
  /** The value that a new head reads: [batch, features] or [batch, height, width, features]. */
  readonly features: string;
  /** Paths of the layer groups that count as blocks, in flow order. */
  readonly blocks: readonly string[];
  readonly input:
    /** RGB [batch, size, size, 3], standardised as preprocessor_config.json says; `size` only where no other is possible. */
    | { readonly kind: "image"; readonly name: string; readonly size?: number }
    /** Token ids int32 [batch, tokens]. `endOfText`: of a decoder, the ids that end a text. */
    | { readonly kind: "text"; readonly name: string; readonly maxTokens: number; readonly paddingId: number; readonly endOfText?: readonly number[] };
}

export interface CheckpointFamily {
  /** Values of `model_type` in config.json; for timm, what `architecture` starts with. */
  readonly modelTypes: readonly string[];
  /**
   * Upstream names begin with this in some checkpoints (a whole model with its head) and not in others (the bare trunk): `bert.`.
   * The graph's paths always have it.
   */
  readonly basePrefix?: string;
  /** Decoders, which with their head write on. */
  readonly writes?: true;
  /** @throws GraftError naming the config's field that asks for what the family does not have. */
  build(config: JsonCursor): CheckpointModel;
}
