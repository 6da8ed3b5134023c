/** The run as one zip to keep: what is in it, and the button that saves it. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useRun } from "../../../store/run.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import classes from "./DownloadPanel.module.css";
import { downloadName } from "./download-name.ts";

const contents = ["Weights as safetensors", "TensorFlow.js model", "Labels", "Recipe", "Metrics", "README"];
/** The browser reads the blob after the click; this is long after. */
const keptMs = 60_000;

function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), keptMs);
}

export function DownloadPanel({ model }: { readonly model: string }) {
  const save = useRun((state) => state.save);
  const { pack } = useRun.getState();
  const download = async (): Promise<void> => {
    const zip = await pack();
    if (zip) saveAs(zip, downloadName(model));
  };
  return (
    <Panel label="Download">
      <SectionTitle
        help="One zip. Its README says how to load each part, and it opens again in Graft."
        actions={
          <Button loading={save.kind === "packing"} leftSection={<IconDownload size={16} stroke={1.75} aria-hidden />} onClick={() => void download()}>
            Download
          </Button>
        }
      >
        Download
      </SectionTitle>
      <ul className={classes.contents}>
        {contents.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
      {save.kind === "failed" && <Sentence sentence={save.error} />}
    </Panel>
  );
}
