/** The layer map and its table over one graph: both show the same groups open and closed. */
import { useMemo, useState } from "react";
import type { OutlineNode } from "../../../core/graph-outline.ts";
import { allPaths, branchesOf, fold, openedAtFirst } from "./fold.ts";
import { GraphTable } from "./GraphTable.tsx";
import { LayerMap } from "./LayerMap.tsx";
import type { MapSelection } from "./state.ts";

interface GraphViewProps {
  readonly view: "map" | "table";
  readonly outline: readonly OutlineNode[];
  readonly selection: MapSelection;
}

export function GraphView({ view, outline, selection }: GraphViewProps) {
  const root = useMemo(() => branchesOf(outline), [outline]);
  const [open, setOpen] = useState(() => openedAtFirst(root));
  const map = useMemo(() => fold(outline, root, open), [outline, root, open]);
  const onFold = (path: string, opened: boolean): void =>
    setOpen((before) => {
      const next = new Set(before);
      if (opened) next.add(path);
      else next.delete(path);
      return next;
    });
  if (view === "table") return <GraphTable map={map} selection={selection} onFold={onFold} />;
  return <LayerMap map={map} selection={selection} onFold={onFold} onFoldAll={(opened) => setOpen(new Set(opened ? allPaths(root) : []))} />;
}
