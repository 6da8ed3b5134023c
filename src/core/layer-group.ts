/** The tree of layer groups as both the graph (which derives it) and the page (which draws it) know it. */

/** The parameters under one name prefix. `path` is also the pattern that unfreezes it. */
export interface LayerGroup {
  readonly path: string;
  readonly name: string;
  readonly parameterCount: number;
  /** `Conv 3x3, 96 -> 160` for a leaf, what is within for a group. */
  readonly detail: string;
  readonly children: readonly LayerGroup[];
}

/** The group of the new head (graph/surgery/replace-head.ts), which learns without being asked for. A model that writes keeps its own and has none. */
export const headGroupPath = "head";

/** Whether a group is one of an adapter's two matrices (graph/surgery/lora.ts), which learn without being asked for. */
export function isAdapterGroup(path: string): boolean {
  return /\/lora_[AB]$/.test(path);
}
