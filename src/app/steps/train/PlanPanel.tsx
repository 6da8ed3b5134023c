/** Before the run: what will happen, gathered from data, model, recipe and device. */
import { IconChartLine } from "@tabler/icons-react";
import type { DataSummary } from "../../../protocol/data.ts";
import { useModel } from "../../../store/model.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { EmptyState } from "../../../ui/primitives/EmptyState.tsx";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Plan, describeLayers } from "../../../ui/train/Plan.tsx";
import { useDeviceReport } from "../settings/useDeviceReport.ts";

export function PlanPanel({ summary }: { readonly summary: DataSummary }) {
  const recipe = useRecipe((state) => state.recipe);
  const modelName = useModel(({ cards }) => cards.find(({ id }) => id === recipe.model)?.name ?? recipe.model);
  const report = useModel((state) => state.report);
  const device = useDeviceReport();
  const wanted = device.kind !== "measured" ? null : recipe.backend === "auto" ? device.report.chosen : recipe.backend;
  const probe = device.kind === "measured" ? (device.report.probes.find(({ backend }) => backend === wanted) ?? null) : null;
  return (
    <>
      <Panel label="What will happen">
        <SectionTitle help={`${describeLayers(recipe, modelName)} You can pause, change the learning rate, or stop at any time.`}>What will happen</SectionTitle>
        <Plan recipe={recipe} parameters={report && { trainable: report.trainableParameters, total: report.totalParameters }} examples={summary.counts} probe={probe} />
      </Panel>
      <Panel>
        <EmptyState icon={<IconChartLine size={28} stroke={1.5} aria-hidden />} title="The curves draw themselves here">
          Loss, accuracy, learning rate and gradient norm, step by step, once training has started.{summary.corpus && " And beside them what the model writes, epoch by epoch."}
        </EmptyState>
      </Panel>
    </>
  );
}
