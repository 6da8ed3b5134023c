/** The list of projects on the start page: nothing for who comes for the first time. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useProjects } from "../../store/projects.ts";
import { SectionTitle } from "../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../ui/primitives/Sentence.tsx";
import { formatBytes } from "../../ui/primitives/format.ts";
import { saveAs } from "../save-as.ts";
import { ProjectRows } from "../../ui/projects/ProjectRows.tsx";

/** More are shown when asked for. */
const shownAtFirst = 4;
/** How often the list is read anew while another tab works on one of them. */
const otherTabsMs = 2000;

export function ProjectsPanel() {
  const list = useProjects((state) => state.list);
  const error = useProjects((state) => state.error);
  const promise = useProjects((state) => state.promise);
  const { load, openProject, remove, pack, askToKeep } = useProjects.getState();
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
  if (projects.length === 0) return error && <Sentence sentence={error} />;
  const { usedBytes, quotaBytes, isPersistent } = list?.storage ?? { usedBytes: null, quotaBytes: null, isPersistent: false };
  const room = usedBytes === null || quotaBytes === null ? "" : ` Graft uses ${formatBytes(usedBytes)} of the ${formatBytes(quotaBytes)} that this browser grants it.`;
  const interrupted = projects.filter((project) => project.interrupted);
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
      {promise && !isPersistent && <Sentence tone="note">{promise}</Sentence>}
      <ProjectRows
        projects={all ? projects : [...interrupted, ...projects.filter((project) => !project.interrupted)].slice(0, Math.max(shownAtFirst, interrupted.length))}
        onOpen={(id) => void openProject(id)}
        onResume={(id, run) => void openProject(id, run)}
        onExport={(id, name) => void pack(id).then((zip) => zip && saveAs(zip, `${name}.graft.zip`))}
        onDelete={(id) => void remove(id)}
      />
      {!all && projects.length > Math.max(shownAtFirst, interrupted.length) && (
        <Button size="xs" variant="subtle" onClick={() => setAll(true)}>
          {`Show all ${projects.length}`}
        </Button>
      )}
    </section>
  );
}
