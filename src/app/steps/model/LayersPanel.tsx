/** Which layers learn: presets, the tree, and what the choice costs. */
import { SegmentedControl } from "@mantine/core";
import { lazy, Suspense, useMemo, useState } from "react";
import type { LayerGroup } from "../../../core/layer-group.ts";
import type { ModelLayers } from "../../../protocol/models.ts";
import { headOf, useModel } from "../../../store/model.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { LayerTree } from "../../../ui/model/LayerTree.tsx";
import { SelectionBar } from "../../../ui/model/SelectionBar.tsx";
import { fromHere, learnable, toPatterns, trainableCount, withGroup } from "../../../ui/model/selection.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import classes from "./LayersPanel.module.css";

interface Preset {
  readonly value: "head" | "adapters" | "last-block" | "all";
  readonly label: string;
  readonly help: string;
}

const classifierPresets: readonly Preset[] = [
  { value: "head", label: "Head only", help: "Only the new head learns. Fast, needs little data, and the trunk is computed just once." },
  { value: "last-block", label: "Last block", help: "The head and the trunk's last block learn. A middle way when the head alone is not enough." },
  { value: "all", label: "Everything", help: "The whole model learns, the trunk more slowly. Takes the longest and wants the most data." },
];

/** A model that writes keeps its own head. */
const writerPresets: readonly Preset[] = [
  { value: "adapters", label: "Adapters only", help: "Small new matrices beside the attention learn (LoRA), and the model stays as it was. The least memory, and a small file to hand on." },
  { value: "last-block", label: "Last block", help: "Only the last block learns. Enough for a new vocabulary, seldom for a new style." },
  { value: "all", label: "Everything", help: "The whole model learns to write like your texts. The best fit, and what it knew before fades the most." },
];

const LayerGraph = lazy(() => import("./LayerGraph.tsx"));

const views = [
  { value: "layers", label: "Layers" },
  { value: "map", label: "Map" },
  { value: "table", label: "Every node" },
] as const;
type View = (typeof views)[number]["value"];

export function LayersPanel({ layers }: { readonly layers: ModelLayers }) {
  const trainable = useModel((state) => state.trainable);
  const report = useModel((state) => state.report);
  const unfreeze = useRecipe(({ recipe }) => recipe.unfreeze);
  const writes = useRecipe(({ recipe }) => recipe.task === "text-generation");
  const hasAdapters = useRecipe(({ recipe }) => recipe.lora.enabled);
  const choose = useModel((state) => state.unfreeze);
  const head = headOf(layers);
  const [view, setView] = useState<View>("layers");
  const learned = useMemo(() => layers.groups.reduce((sum, group) => sum + trainableCount(group, trainable), 0), [layers, trainable]);

  const presets = writes ? writerPresets : classifierPresets;
  const chosen = writes && hasAdapters && unfreeze === "head" ? "adapters" : unfreeze;
  const preset = presets.find(({ value }) => value === chosen);
  const chooseSet = (set: ReadonlySet<string>): void => choose(toPatterns(layers.groups, set), set);
  const selection = {
    trainable,
    isFixed: (layer: string) => head !== undefined && (layer === head.path || layer.startsWith(`${head.path}/`)),
    onToggle: (toggled: readonly string[], learns: boolean) => {
      const own = new Set(toggled.filter((layer) => !selection.isFixed(layer)));
      chooseSet(learns ? new Set([...trainable, ...own]) : new Set([...trainable].filter((layer) => !own.has(layer))));
    },
  };
  const choosePreset = (value: string): void => {
    if (writes) {
      const { recipe, update } = useRecipe.getState();
      update({ lora: { ...recipe.lora, enabled: value === "adapters" } });
    }
    if (value === "head") choose("head", new Set(head ? learnable([head]) : []));
    else if (value === "adapters") choose("head", new Set());
    else if (value === "all") choose("all", new Set(learnable(layers.groups)));
    else choose("last-block");
  };

  return (
    <Panel label="Layers" flush className={classes.panel}>
      <div className={classes.head}>
        <SectionTitle
          help={preset?.help ?? "Your own choice. What is checked learns; everything else stays as it was, bit for bit."}
          actions={
            <SegmentedControl
              aria-label="Which layers learn"
              value={preset?.value ?? "own"}
              onChange={choosePreset}
              data={presets.map(({ value, label }) => ({ value, label }))}
            />
          }
        >
          Layers
        </SectionTitle>
        <SegmentedControl size="xs" className={classes.views} aria-label="How the layers are shown" value={view} onChange={(value) => setView(value)} data={views.map(({ value, label }) => ({ value, label }))} />
      </div>
      {view === "layers" ? (
        <LayerTree
          key={layers.modelId}
          groups={layers.groups}
          trainable={trainable}
          head={head?.path}
          cutNote={report && report.cacheBytes > 0 ? "Cut: what is above is frozen, computed once for each example, and kept" : "Cut: what is above is frozen"}
          onToggle={(group: LayerGroup, learns: boolean) => chooseSet(withGroup(trainable, group, learns))}
          onFromHere={(group: LayerGroup) => chooseSet(fromHere(layers.groups, group))}
        />
      ) : (
        <Suspense fallback={<ProgressLine what="Opening the map" />}>
          <LayerGraph view={view} layers={layers} selection={selection} />
        </Suspense>
      )}
      <SelectionBar report={report} trainableParameters={learned} totalParameters={layers.totalParameters} />
    </Panel>
  );
}
