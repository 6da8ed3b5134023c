/** The layer map or its table for the model that will be trained. A chunk of its own: most people never open it. */
import type { ModelLayers } from "../../../protocol/models.ts";
import { GraphView } from "../../../ui/model/map/GraphView.tsx";
import type { MapSelection } from "../../../ui/model/map/state.ts";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import classes from "./LayersPanel.module.css";
import { useOutline } from "./useOutline.ts";

interface LayerGraphProps {
  readonly view: "map" | "table";
  readonly layers: ModelLayers;
  readonly selection: MapSelection;
}

export default function LayerGraph({ view, layers, selection }: LayerGraphProps) {
  const outline = useOutline(layers);
  if (outline.kind === "failed") return <Sentence sentence={outline.error} />;
  if (outline.kind === "reading") {
    return (
      <div className={classes.head}>
        <ProgressLine what="Reading the graph" />
      </div>
    );
  }
  return <GraphView key={outline.layers.modelId} view={view} outline={outline.nodes} selection={selection} />;
}
