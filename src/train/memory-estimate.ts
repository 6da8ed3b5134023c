/** What a choice of layers costs, before anything is allocated: an estimate from shapes, for the page to show at once. */
import { sizeOf, type Shape } from "../core/shape.ts";
import { splitAtCut } from "../graph/cut.ts";
import { segmentsOf } from "../graph/segments.ts";
import { inferShapes } from "../graph/shapes.ts";
import type { Graph, GraphNode } from "../graph/types.ts";
import type { Recipe } from "../protocol/recipe.ts";

export interface MemoryEstimate {
  /** One training step: weights, gradients, optimizer state, activations kept for the backward pass. */
  readonly stepBytes: number;
  /** The frozen trunk's outputs for one example; 0 where there is no trunk. */
  readonly cachedBytesPerView: number;
}

const bytesPerValue = 4;
/** Tensors of a parameter's size that each optimizer keeps. */
const optimizerSlots: Readonly<Record<Recipe["optimizer"], number>> = { sgd: 1, rmsprop: 2, adam: 2, adamw: 2 };

export function estimateMemory(graph: Graph, trainable: ReadonlySet<string>, inputShapes: Readonly<Record<string, Shape>>, recipe: Pick<Recipe, "batchSize" | "optimizer" | "recomputeActivations">): MemoryEstimate {
  const shapes = inferShapes(graph, inputShapes);
  const { trunk, tail } = splitAtCut(graph, trainable);
  const parameterValues = graph.parameters.reduce((sum, parameter) => sum + sizeOf(parameter.shape), 0);
  const trainableValues = graph.parameters.filter((parameter) => trainable.has(parameter.name)).reduce((sum, parameter) => sum + sizeOf(parameter.shape), 0);
  const valueSize = (name: string): number => sizeOf(shapes.get(name) ?? []);
  // The tape keeps the tail's activations, and the backward pass holds about as many gradients at its widest. What is
  // recomputed is kept for one segment at a time, beside the values between segments.
  const sizes = (nodes: readonly GraphNode[]): number => nodes.reduce((sum, node) => sum + valueSize(node.name), 0);
  const segments = segmentsOf(tail);
  const between = segments.slice(0, -1).reduce((sum, { outputs: [output = ""] }) => sum + valueSize(output), 0);
  const tailActivations = recipe.recomputeActivations ? between + Math.max(...segments.map(({ nodes }) => sizes(nodes))) : sizes(tail.nodes);
  const widestTrunkNode = trunk.nodes.reduce((widest, node) => Math.max(widest, valueSize(node.name)), 0);
  const activations = Math.max(tailActivations * 1.5, widestTrunkNode * 2) * recipe.batchSize;
  const frontier = trunk.nodes.length === 0 ? 0 : tail.inputs.reduce((sum, input) => sum + valueSize(input.name), 0);
  return {
    stepBytes: Math.round(bytesPerValue * (parameterValues + trainableValues * (1 + optimizerSlots[recipe.optimizer]) + activations)),
    cachedBytesPerView: bytesPerValue * frontier,
  };
}
