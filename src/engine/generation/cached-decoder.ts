/**
 * Reads a text and gives the logits of what follows, with the keys and values of all but the newest token kept on the backend. Shapes
 * are few: caches are as long as their bucket, and are lengthened when it is full. A text that outgrows the model's context loses its
 * oldest half, and what is left is read anew.
 */
import { decodingGraphs, type DecodingGraphs } from "../../graph/surgery/decode-step.ts";
import type { Graph } from "../../graph/types.ts";
import { execute } from "../execute.ts";
import type { GraphModule } from "../module.ts";
import { tf, type Tensor } from "../tf.ts";

/** A module's graph and the tensors of its parameters, as it is at the moment. */
export type DecodedModule = Pick<GraphModule, "graph" | "parameterTensors">;

const smallestBucket = 32;

/** Of powers of two from 32 on, the first that holds so many tokens; at most the model's context. */
function bucketOf(tokens: number, maxTokens: number): number {
  return Math.min(maxTokens, Math.max(smallestBucket, 2 ** Math.ceil(Math.log2(tokens))));
}

/** Where what a model of `maxTokens` reads of a text begins, if it began at `start` until now. */
export function contextStart(length: number, start: number, maxTokens: number): number {
  return length - start > maxTokens ? length - Math.ceil(maxTokens / 2) : start;
}

export class CachedDecoder {
  private readonly module: DecodedModule;
  private readonly graphs: DecodingGraphs;
  private readonly maxTokens: number;
  private caches: readonly Tensor[] = [];
  /** The text so far, and from where on the caches have it. */
  private read: readonly number[] = [];
  private start = 0;

  /**
   * @param module stays the caller's, and must not be disposed before this is. @param maxTokens the model's context.
   * @throws GraftError if its graph is no causal language model.
   */
  constructor(module: DecodedModule, maxTokens: number) {
    this.module = module;
    this.graphs = decodingGraphs(module.graph);
    this.maxTokens = maxTokens;
  }

  /** The logits [vocabulary] after `ids`, at least one: the text of the last call and one token more, or any other text. */
  async logitsAfter(ids: readonly number[]): Promise<Float32Array> {
    const goesOn = this.caches.length > 0 && ids.length === this.read.length + 1 && this.read.every((id, i) => ids[i] === id);
    const start = contextStart(ids.length, goesOn ? this.start : 0, this.maxTokens);
    const logits = goesOn && start === this.start ? this.step(ids) : this.prefill(ids, start);
    this.read = [...ids];
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    return values;
  }

  dispose(): void {
    for (const cache of this.caches) cache.dispose();
    this.caches = [];
  }

  private prefill(ids: readonly number[], start: number): Tensor {
    this.dispose();
    const text = ids.slice(start);
    const empty = bucketOf(text.length, this.maxTokens) - text.length;
    const before = new Array<number>(empty).fill(0);
    this.start = start;
    return this.run(this.graphs.prefill, [...before, ...text], [...before, ...text.keys()], { keys: empty + text.length, filled: text.length });
  }

  private step(ids: readonly number[]): Tensor {
    const filled = ids.length - this.start;
    const keys = (this.caches[0] as Tensor).shape[1] as number;
    if (filled > keys) this.lengthen(bucketOf(filled, this.maxTokens) - keys);
    return this.run(this.graphs.step, ids.slice(-1), [filled - 1], { keys: Math.max(keys, bucketOf(filled, this.maxTokens)), filled });
  }

  /** Room before what the caches hold. */
  private lengthen(tokens: number): void {
    const longer = tf.tidy(() => this.caches.map((cache) => tf.pad(cache, [[0, 0], [tokens, 0], [0, 0]])));
    this.dispose();
    this.caches = longer;
  }

  /** Runs one of the two graphs and keeps its caches. @param keys how many its attention sees; all but `filled` of them are empty. */
  private run(graph: Graph, ids: readonly number[], positions: readonly number[], { keys, filled }: { readonly keys: number; readonly filled: number }): Tensor {
    const { inputs, caches } = this.graphs;
    const [logits, ...grown] = tf.tidy(() => {
      const values = new Map(this.module.parameterTensors());
      values.set(inputs.ids, tf.tensor(Int32Array.from(ids), [1, ids.length], "int32"));
      values.set(inputs.positions, tf.tensor(Int32Array.from(positions), [1, ids.length], "int32"));
      values.set(inputs.mask, tf.tensor(Float32Array.from({ length: keys }, (_, i) => (i < keys - filled ? 0 : 1)), [1, keys]));
      this.caches.forEach((cache, i) => values.set(caches[i] as string, cache));
      const outputs = execute(graph, values, { release: true });
      return graph.outputs.map((name) => outputs.get(name) as Tensor);
    });
    this.dispose();
    this.caches = grown;
    return logits as Tensor;
  }
}
