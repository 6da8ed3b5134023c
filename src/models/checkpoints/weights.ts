/**
 * The weights of a family's graph out of a checkpoint's tensors. Writing them back is `upstreamTensorsOf`: paths are upstream
 * names, so nothing is renamed for good.
 */
import { GraftError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { TensorSource } from "../../formats/safetensors/shards.ts";
import { fromUpstream, upstreamTensors, type UpstreamTensor } from "../../formats/safetensors/upstream.ts";
import { listed } from "../../formats/tfjs-files.ts";
import { truncate } from "../../graph/surgery/truncate.ts";
import type { Graph, WeightValues, Weights } from "../../graph/types.ts";

export interface CheckpointWeights {
  /** As given, or, where the checkpoint has no weights for its head, the trunk up to the features. */
  readonly graph: Graph;
  readonly weights: Weights;
  /** Upstream names of the head's tensors that the checkpoint does not have. */
  readonly missing: readonly string[];
  /** Tensors of the checkpoint that the graph has no place for. */
  readonly ignored: readonly string[];
}

export interface CheckpointPlace {
  /** What a new head would read; all that this needs has to be there. */
  readonly features: string;
  /** See CheckpointFamily. */
  readonly basePrefix?: string | undefined;
  /** The checkpoint's name in errors. */
  readonly where: string;
}

/**
 * One tensor is read after the other.
 * @throws GraftError listing what the trunk misses, or what is there in another shape.
 */
export async function readCheckpointWeights(graph: Graph, tensors: ReadonlyMap<string, TensorSource>, { features, basePrefix, where }: CheckpointPlace): Promise<CheckpointWeights> {
  const upstream = upstreamTensors(graph);
  const found = new Map<string, string>();
  const problems = new Map<string, string>();
  for (const [parameter, { name, shape }] of upstream) {
    const stored = storedNames(name, basePrefix).find((candidate) => tensors.has(candidate));
    const has = stored === undefined ? undefined : tensors.get(stored)?.shape;
    if (stored === undefined || has === undefined) problems.set(parameter, `${name} is missing`);
    else if (has.join() !== shape.join()) problems.set(parameter, `${name} is ${formatShape(has)} instead of ${formatShape(shape)}`);
    else found.set(parameter, stored);
  }

  const trunk = truncate(graph, features);
  const fatal = trunk.parameters.flatMap(({ name }) => problems.get(name) ?? []);
  if (fatal.length > 0) {
    throw new GraftError({ where, what: `its weights do not fit its config.json: ${listed(fatal)}`, wanted: `the ${upstream.size} tensors of the architecture`, next: "Take config.json and the weights from the same place." });
  }
  const whole = problems.size === 0 ? graph : trunk;
  const used = new Set(found.values());
  return {
    graph: whole,
    weights: await readAll(whole, { upstream, found, tensors }),
    missing: [...problems.keys()].map((parameter) => (upstream.get(parameter) as UpstreamTensor).name),
    ignored: [...tensors.keys()].filter((name) => !used.has(name)),
  };
}

/**
 * What a tensor may be called: with or without the prefix of a whole model, and, in checkpoints that began as TensorFlow's, with
 * gamma and beta for a layer norm's weight and bias (as transformers renames them when loading).
 */
function storedNames(name: string, basePrefix: string | undefined): readonly string[] {
  const names = basePrefix !== undefined && name.startsWith(basePrefix) ? [name, name.slice(basePrefix.length)] : [name];
  return names.flatMap((candidate) => [candidate, candidate.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta")]);
}

interface Places {
  readonly upstream: ReadonlyMap<string, UpstreamTensor>;
  readonly found: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, TensorSource>;
}

async function readAll(graph: Graph, { upstream, found, tensors }: Places): Promise<Weights> {
  const weights = new Map<string, WeightValues>();
  for (const { name, shape, dtype } of graph.parameters) {
    const source = tensors.get(found.get(name) as string) as TensorSource;
    const { values } = await source.read();
    const placed = fromUpstream({ shape, permutation: upstream.get(name)?.permutation }, values);
    weights.set(name, dtype === "float32" && !(placed instanceof Float32Array) ? Float32Array.from(placed) : placed);
  }
  return weights;
}
