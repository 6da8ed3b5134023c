/** What of a box learns, from the layers whose parameters it uses. Pure. */

export interface MapSelection {
  /** Paths of the leaf groups that learn. */
  readonly trainable: ReadonlySet<string>;
  /** The new head's layers always learn. */
  readonly isFixed: (layer: string) => boolean;
  readonly onToggle: (layers: readonly string[], learns: boolean) => void;
}

export type MapState = "all" | "some" | "frozen" | "none-to-learn";

export const stateText: Readonly<Record<MapState, string>> = {
  all: "learns",
  some: "partly frozen",
  frozen: "frozen",
  "none-to-learn": "nothing to learn",
};

export function stateOf(layers: readonly string[], { trainable }: Pick<MapSelection, "trainable">): MapState {
  if (layers.length === 0) return "none-to-learn";
  const learning = layers.filter((layer) => trainable.has(layer)).length;
  return learning === layers.length ? "all" : learning > 0 ? "some" : "frozen";
}
