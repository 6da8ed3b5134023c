/** Of a model that writes: what it makes of the fixed prompts, from before the first step on. Nothing where there are no samples. */
import { recordOf } from "../../../store/run-state.ts";
import { useRun } from "../../../store/run.ts";
import { Samples } from "../../../ui/generation/Samples.tsx";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";

export function LiveSamples() {
  const samples = useRun(({ run }) => recordOf(run).samples);
  if (samples.length === 0) return null;
  return (
    <Panel label="Samples as it learns">
      <SectionTitle help="The same beginnings, written on from after every epoch with the same chance. Newest first; the model before training is last.">Samples as it learns</SectionTitle>
      <Samples epochs={samples} />
    </Panel>
  );
}
