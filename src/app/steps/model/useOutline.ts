/** The nodes of the graph that will be trained, asked for when the layer map is first in sight and again when the layers change. */
import { useEffect, useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { ModelLayers, OutlineNode } from "../../../protocol/models.ts";
import { sentenceOf, worker } from "../../../store/client.ts";
import { useRecipe } from "../../../store/recipe.ts";

type Outline = { readonly kind: "reading" } | { readonly kind: "read"; readonly layers: ModelLayers; readonly nodes: readonly OutlineNode[] } | { readonly kind: "failed"; readonly error: ErrorSentence };

export function useOutline(layers: ModelLayers): Outline {
  const [outline, setOutline] = useState<Outline>({ kind: "reading" });
  useEffect(() => {
    let current = true;
    const show = (next: Outline): void => {
      if (current) setOutline(next);
    };
    worker()
      .describeGraph(useRecipe.getState().recipe)
      .then((nodes) => show({ kind: "read", layers, nodes }))
      .catch((error: unknown) => show({ kind: "failed", error: sentenceOf(error) }));
    return () => {
      current = false;
    };
  }, [layers]);
  return outline;
}
