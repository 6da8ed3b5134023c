/** Whether a reload would lose what is open, in one line; and the way back to the other projects. */
import { Button } from "@mantine/core";
import { isUnderWay } from "../../store/run-state.ts";
import { useRun } from "../../store/run.ts";
import { useProjects } from "../../store/projects.ts";
import { ProgressLine } from "../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../ui/primitives/Sentence.tsx";
import { formatBytes } from "../../ui/primitives/format.ts";

export function KeptLine() {
  const keeping = useProjects((state) => state.keeping);
  const error = useProjects((state) => state.error);
  const isReadOnly = useProjects(({ open }) => open?.isReadOnly ?? false);
  return (
    <>
      {error && <Sentence sentence={error} />}
      {isReadOnly && <Sentence tone="warning">This project is open in another tab, so here it can only be read: what you change is not kept, and no run can start. Go on in the other tab, or close it and open the project again.</Sentence>}
      <ZipLine />
      {keeping.kind === "keeping" && <ProgressLine {...keeping.progress} format={formatBytes} />}
      {keeping.kind === "unkept" && <Sentence tone="warning" sentence={{ ...keeping.error, where: "A reload would lose this data" }} />}
    </>
  );
}

/** A project's zip on its way, in or out. */
export function ZipLine() {
  const zipping = useProjects((state) => state.zipping);
  return zipping && <ProgressLine {...zipping.progress} format={formatBytes} onCancel={zipping.cancel} />;
}

export function CloseProject() {
  const isOpen = useProjects(({ open }) => open !== null);
  const isBusy = useRun(({ run }) => isUnderWay(run));
  if (!isOpen) return null;
  return (
    <Button variant="default" disabled={isBusy} title={isBusy ? "A run is under way: stop it first, or wait until it has ended" : undefined} onClick={() => void useProjects.getState().close()}>
      All projects
    </Button>
  );
}
