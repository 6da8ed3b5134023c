/** Runs a graph, node by node, with the op implementations. It knows no model and no op by name. */
import { hashText } from "../core/rng.ts";
import type { Graph, GraphNode } from "../graph/types.ts";
import { opImplementations } from "./ops/index.ts";
import type { OpContext, StepSeed } from "./ops/types.ts";
import type { Tensor } from "./tf.ts";

export interface ExecuteOptions {
  /** Which nodes behave as in a training step: dropout drops, a batch norm uses and updates batch statistics. None by default. */
  readonly isTraining?: (node: GraphNode) => boolean;
  /** The step's seed. Needed only where dropout trains. */
  readonly seed?: StepSeed;
  /** Whether trained batch norms update their running statistics, which they do by default. */
  readonly statistics?: OpContext["statistics"];
  /** Receives a trained batch norm's new running statistics and owns the tensors; not on WebGPU, where the parameters are written in place. */
  readonly onStatistics?: (node: GraphNode, mean: Tensor, variance: Tensor) => void;
  /** Disposes each intermediate value after its last use. A gradient tape keeps clones of what it needs. */
  readonly release?: boolean;
}

/**
 * @param values tensors by name for every input and parameter of the graph; they stay the caller's.
 * @returns the graph's outputs by name, the caller's to dispose. An output that is an input is passed through as a clone.
 */
export function execute(graph: Pick<Graph, "nodes" | "outputs">, values: ReadonlyMap<string, Tensor>, options: ExecuteOptions = {}): Map<string, Tensor> {
  const { isTraining = () => false, seed, statistics = "update", onStatistics, release = false } = options;
  const computed = new Map<string, Tensor>();
  const read = (name: string): Tensor => {
    const tensor = computed.get(name) ?? values.get(name);
    if (tensor === undefined) throw new Error(`No value for "${name}".`);
    return tensor;
  };
  const lastUse = release ? lastUses(graph) : null;

  graph.nodes.forEach((node, position) => {
    const training = isTraining(node);
    const context: OpContext = {
      training,
      statistics,
      get seed() {
        if (seed === undefined) throw new Error("It needs the step's seed.");
        return seed;
      },
      salt: hashText(node.name),
      updateStatistics: (mean, variance) => {
        if (onStatistics) onStatistics(node, mean, variance);
        else {
          mean.dispose();
          variance.dispose();
        }
      },
    };
    computed.set(node.name, runNode(node, node.inputs.map(read), context));
    for (const name of lastUse?.get(position) ?? []) computed.get(name)?.dispose();
  });

  return new Map(graph.outputs.map((name) => [name, computed.get(name) ?? read(name).clone()]));
}

function runNode(node: GraphNode, inputs: readonly Tensor[], context: OpContext): Tensor {
  // The union of nodes pairs every op with its own attributes; TypeScript cannot follow that through an indexed call.
  const run = opImplementations[node.op] as (inputs: readonly Tensor[], attributes: unknown, context: OpContext) => Tensor;
  try {
    return run(inputs, node.attributes, context);
  } catch (error) {
    if (error instanceof Error) error.message = `${node.name} (${node.op} of ${inputs.map((x) => `[${x.shape.join(", ")}]`).join(", ")}): ${error.message}`;
    throw error;
  }
}

/** Node position -> the computed values that nobody reads after it. */
function lastUses(graph: Pick<Graph, "nodes" | "outputs">): Map<number, string[]> {
  const last = new Map<string, number>();
  graph.nodes.forEach((node, position) => {
    last.set(node.name, position);
    for (const input of node.inputs) last.set(input, position);
  });
  const kept = new Set(graph.outputs);
  const byPosition = new Map<number, string[]>();
  for (const node of graph.nodes) {
    const position = last.get(node.name);
    if (position === undefined || kept.has(node.name)) continue;
    byPosition.set(position, [...(byPosition.get(position) ?? []), node.name]);
  }
  return byPosition;
}
