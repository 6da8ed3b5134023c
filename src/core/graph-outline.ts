/** A graph's nodes as both the worker (which has the graph) and the page (which draws the layer map) know them. */

export interface OutlineNode {
  /** The node's path in the graph, or the input's name. */
  readonly name: string;
  /** The op, or `input`. */
  readonly op: string;
  /** `Conv 3x3, 96 → 160` where the node has parameters, else empty. */
  readonly detail: string;
  /** Positions in the outline of what it reads; constants and parameters are not among them. */
  readonly inputs: readonly number[];
  /** Of its output: `[?, 7, 7, 160]`. */
  readonly shape: string;
  /** Weights that this node is the first to use, so that sums are right. */
  readonly parameterCount: number;
  /** Paths of the leaf layer groups whose parameters it uses. */
  readonly layers: readonly string[];
}
