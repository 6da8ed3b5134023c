/** The list of projects on the start page: nothing for who comes for the first time. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ProjectCard } from "../../protocol/projects.ts";
import { useProjects } from "../../store/projects.ts";
import { SectionTitle } from "../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../ui/primitives/Sentence.tsx";
import { formatBytes } from "../../ui/primitives/format.ts";
import { ProjectRows } from "../../ui/projects/ProjectRows.tsx";
import classes from "../../ui/projects/projects.module.css";
import { saveAs } from "../save-as.ts";
import { ZipLine } from "./KeptLine.tsx";

/** More are shown when asked for. */
const shownAtFirst = 4;
/** The one that was left last, those with a run that can go on, then the newest. */
function inOrder(projects: readonly ProjectCard[], last: string | null): readonly ProjectCard[] {
  const rank = ({ id, interrupted }: ProjectCard): number => (id === last ? 0 : interrupted ? 1 : 2);
  return projects.toSorted((a, b) => rank(a) - rank(b));
}

/** How often the list is read anew while another tab works on one of them. */
const otherTabsMs = 2000;

export function ProjectsPanel() {
  const list = useProjects((state) => state.list);
  const error = useProjects((state) => state.error);
  const brought = useProjects((state) => state.brought);
  const isZipping = useProjects(({ zipping }) => zipping !== null);
  const promise = useProjects((state) => state.promise);
  const lastOpen = useProjects((state) => state.last);
  const { load, openProject, rename, remove, pack, askToKeep } = useProjects.getState();
  const [all, setAll] = useState(false);
  useEffect(() => void load(), [load]);

  const projects = list?.projects ?? [];
  const waits = projects.some(({ isOpenElsewhere }) => isOpenElsewhere);
  // A tab that was closed lets go of its project a moment later; its run is offered then.
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => void load(), otherTabsMs);
    return () => clearInterval(timer);
  }, [waits, load]);
  if (projects.length === 0) return error ? <Sentence sentence={error} /> : <ZipLine />;
  const { quotaBytes, isPersistent } = list?.storage ?? { quotaBytes: null, isPersistent: false };
  const usedBytes = projects.reduce((sum, { bytes }) => sum + bytes, 0);
  const room = quotaBytes === null ? "" : ` They take ${formatBytes(usedBytes)}; this browser grants Graft ${formatBytes(quotaBytes)}.`;
  const ordered = inOrder(projects, lastOpen);
  // The one that another tab has open is not left.
  const last = ordered.slice(0, 1).find(({ isOpenElsewhere, task }) => task !== null && !isOpenElsewhere)?.id ?? null;
  const shown = all ? ordered : ordered.filter(({ interrupted }, i) => i < shownAtFirst || interrupted);
  return (
    <section aria-label="Your projects">
      <SectionTitle
        help={`Kept in this browser, with their data and runs.${room}${isPersistent ? " It keeps them until you delete them." : " When the disk is nearly full, it may delete them by itself."}`}
        actions={
          !isPersistent && (
            <Button size="xs" variant="default" onClick={() => void askToKeep()}>
              Ask it to keep them
            </Button>
          )
        }
      >
        Your projects
      </SectionTitle>
      {error && <Sentence sentence={error} />}
      <div className={classes.zip}>
        <ZipLine />
      </div>
      {brought !== null && (
        <div role="status" className={classes.zip}>
          <Sentence tone="success">{`“${brought}” was brought in, with its data and its runs.`}</Sentence>
        </div>
      )}
      {promise && !isPersistent && <Sentence tone="note">{promise}</Sentence>}
      <ProjectRows
        projects={shown}
        last={last}
        isZipping={isZipping}
        onRename={rename}
        onOpen={(id) => void openProject(id)}
        onResume={(id, run) => void openProject(id, run)}
        onExport={(id, name) => void pack(id).then((zip) => zip && saveAs(zip, `${name}.graft.zip`))}
        onDelete={(id) => void remove(id)}
      />
      {shown.length < projects.length && (
        <Button size="xs" variant="subtle" onClick={() => setAll(true)}>
          {`Show all ${projects.length}`}
        </Button>
      )}
    </section>
  );
}
