/** The run as one zip to keep: what is in it, in which formats, how its weights are stored, and the button that saves it. */
import { Button, Checkbox } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import type { ExportFormat, Int8Report, ScoreInfo } from "../../../protocol/run.ts";
import { worker } from "../../../store/client.ts";
import { useRun } from "../../../store/run.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { formatMetric, scoreFormat } from "../../../ui/primitives/format.ts";
import classes from "./DownloadPanel.module.css";
import { saveAs } from "../../save-as.ts";
import { downloadName } from "./download-name.ts";

const formats: readonly { readonly id: ExportFormat; readonly label: string; readonly description: string }[] = [
  { id: "tfjs", label: "TensorFlow.js model", description: "For web pages and Node.js." },
  { id: "pytorch", label: "PyTorch source", description: "model.py, which loads the weights. Not in eight bits." },
  { id: "onnx", label: "ONNX", description: "For ONNX Runtime and other engines. Holds the weights once more." },
];
interface DownloadPanelProps {
  readonly model: string;
  readonly hasLabels: boolean;
  readonly hasAdapter: boolean;
  readonly int8: Int8Report | undefined;
  readonly leftOut: readonly string[];
  readonly score: ScoreInfo;
}

export function DownloadPanel({ model, hasLabels, hasAdapter, int8, leftOut, score }: DownloadPanelProps) {
  const [wantsAdapter, setWantsAdapter] = useState(false);
  const [wantsInt8, setWantsInt8] = useState(false);
  const [wanted, setWanted] = useState<readonly string[]>(["tfjs", "pytorch"]);
  const save = useRun((state) => state.save);
  const formatScore = score.isShare ? (value: number): string => formatMetric(value, 3) : scoreFormat(score);
  const contents = ["Weights as safetensors", ...(hasLabels ? ["Labels"] : []), "Recipe", "Metrics", "README"];
  const { pack } = useRun.getState();
  const download = async (): Promise<void> => {
    const zip = await pack(wantsAdapter ? { adapterOnly: true } : { int8: wantsInt8, formats: formats.map(({ id }) => id).filter((id) => wanted.includes(id) && !(wantsInt8 && id === "pytorch")) });
    if (zip) saveAs(zip, downloadName(wantsAdapter ? `${model}-adapter` : wantsInt8 ? `${model}-int8` : model));
  };
  return (
    <Panel label="Download">
      <SectionTitle
        help={wantsAdapter ? "A small zip of the adapter alone, as PEFT keeps it. It needs the model that it was grown from." : "One zip. Its README says how to load each part, and it opens again in Graft."}
        actions={
          <Button loading={save.kind === "packing"} leftSection={<IconDownload size={16} stroke={1.75} aria-hidden />} onClick={() => void download()}>
            Download
          </Button>
        }
      >
        Download
      </SectionTitle>
      <ul className={classes.contents}>
        {[...(wantsAdapter ? [] : contents), ...(hasAdapter ? ["Adapter for PEFT"] : [])].map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
      <div className={classes.choices}>
        {hasAdapter && (
          <Checkbox
            label="Adapter only"
            description="What was learned and nothing else: for those who have the model already. It does not open in Graft by itself."
            checked={wantsAdapter}
            onChange={({ currentTarget }) => setWantsAdapter(currentTarget.checked)}
          />
        )}
        {formats.map(({ id, label, description }) => (
          <Checkbox
            key={id}
            label={label}
            description={description}
            disabled={wantsAdapter || (wantsInt8 && id === "pytorch")}
            checked={wanted.includes(id) && !(wantsInt8 && id === "pytorch")}
            onChange={({ currentTarget }) => setWanted(currentTarget.checked ? [...wanted, id] : wanted.filter((each) => each !== id))}
          />
        ))}
        <Checkbox
          label="Weights in eight bits"
          description={
            int8
              ? `${score.name} of the validation examples ${formatScore(int8.scoreBefore)}, in eight bits ${formatScore(int8.scoreAfter)}.`
              : "About a quarter of the size. What it does to the model is measured while packing."
          }
          disabled={wantsAdapter}
          checked={wantsInt8}
          onChange={({ currentTarget }) => setWantsInt8(currentTarget.checked)}
        />
        {leftOut.map((what) => <Sentence key={what} tone="warning" sentence={{ what }} />)}
        {save.kind === "packing" && <ProgressLine {...save.progress} onCancel={() => void worker().cancelExport("run")} />}
        {save.kind === "failed" && <Sentence sentence={save.error} />}
      </div>
    </Panel>
  );
}
