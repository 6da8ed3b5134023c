/** What the page knows of a model: its card, its layers, and what a choice of layers costs. */
import type { OutlineNode } from "../core/graph-outline.ts";
import type { LayerGroup } from "../core/layer-group.ts";
import type { BackendName, PixelRange, TaskId } from "./recipe.ts";

export type { LayerGroup, OutlineNode };

/** What a person is told of a model. A text is empty where nothing is known, and then not shown. */
export interface ModelCard {
  readonly id: string;
  readonly name: string;
  readonly tasks: readonly TaskId[];
  readonly summary: string;
  readonly trainedOn: string;
  readonly licence: string;
  readonly source: string;
  readonly input: string;
  readonly goodAt: string;
  readonly limits: string;
  readonly parameters: number;
  readonly downloadBytes: number;
  /** Only where the recipe's pixel range counts: the range that a model of this format was most likely trained on. */
  readonly pixelRange?: PixelRange;
  /** Embedded in the page, brought by the person, or downloaded from a hub and stored. */
  readonly origin: "embedded" | "imported" | "hub";
}

export interface ModelLayers {
  readonly modelId: string;
  /** In the order in which data flows through them; the head is last. */
  readonly groups: readonly LayerGroup[];
  readonly totalParameters: number;
}

/** What an `unfreeze` choice means for this model and data. */
export interface SelectionReport {
  /** Paths of the leaf groups that learn, in flow order. */
  readonly trainable: readonly string[];
  readonly trainableParameters: number;
  readonly totalParameters: number;
  /** Estimated memory of one training step, in bytes: weights, gradients, optimizer state, activations. */
  readonly memoryBytes: number;
  /** Estimated memory of the frozen trunk's cached outputs over the data set; 0 where nothing is cached. */
  readonly cacheBytes: number;
}

export interface BackendProbe {
  readonly backend: BackendName;
  readonly available: boolean;
  /** Measured by a short matrix product; 0 where not available. */
  readonly gflops: number;
  /** `NVIDIA RTX 4070`, `SwiftShader (software)`, `4 threads, SIMD` */
  readonly adapter: string;
  /** Why it is not available, or why it is not chosen. */
  readonly note?: string;
}

export interface DeviceReport {
  readonly probes: readonly BackendProbe[];
  readonly chosen: BackendName;
  readonly crossOriginIsolated: boolean;
}
