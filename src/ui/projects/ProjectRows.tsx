/** What was worked on in this browser: each project, its run that can go on, and a way to delete it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ProjectCard } from "../../protocol/projects.ts";
import { DeleteQuestion } from "../primitives/DeleteQuestion.tsx";
import { formatPlural } from "../primitives/format.ts";
import rows from "../primitives/rows.module.css";

interface ProjectRowsProps {
  readonly projects: readonly ProjectCard[];
  readonly onOpen: (id: string) => void;
  readonly onResume: (id: string, run: number) => void;
  /** As one zip. */
  readonly onExport: (id: string, name: string) => void;
  readonly onDelete: (id: string) => void;
}

const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const tasks = { "image-classification": "Images", "text-classification": "Texts", "text-generation": "Writing" } as const;

export function ProjectRows({ projects, ...actions }: ProjectRowsProps) {
  return (
    <ul className={rows.list} aria-label="Projects">
      {projects.map((project) => (
        <li key={project.id}>
          <ProjectRow project={project} {...actions} />
        </li>
      ))}
    </ul>
  );
}

function ProjectRow({ project, onOpen, onResume, onExport, onDelete }: { readonly project: ProjectCard } & Omit<ProjectRowsProps, "projects">) {
  const [asking, setAsking] = useState(false);
  const { id, name, task, createdAt, runs, interrupted, isOpenElsewhere } = project;
  return (
    <div className={rows.row}>
      <div className={rows.grow}>
        <span className={rows.name}>{name}</span>
        <span className={rows.meta}>
          {task === null ? <span>Nothing of it can be read</span> : <span>{tasks[task]}</span>}
          {task !== null && <span>{runs === 0 ? "No runs yet" : formatPlural(runs, "run")}</span>}
          {createdAt > 0 && <span>{days.format(createdAt)}</span>}
          {isOpenElsewhere && <span>Open in another tab</span>}
          {interrupted && <strong>{interrupted.name} was interrupted</strong>}
        </span>
      </div>
      <div className={rows.buttons}>
        {asking ? (
          <DeleteQuestion label="Delete for good" onKeep={() => setAsking(false)} onDelete={() => onDelete(id)} />
        ) : (
          <>
            {interrupted && (
              <Button size="xs" onClick={() => onResume(id, interrupted.run)} aria-label={`Resume ${interrupted.name} of ${name}`}>
                Resume
              </Button>
            )}
            {task !== null && (
              <Button size="xs" variant="default" onClick={() => onOpen(id)} aria-label={`Open ${name}`}>
                Open
              </Button>
            )}
            {task !== null && (
              <Button size="xs" variant="subtle" color="gray" onClick={() => onExport(id, name)} aria-label={`Export ${name}`}>
                Export
              </Button>
            )}
            <Button size="xs" variant="subtle" color="gray" onClick={() => setAsking(true)} aria-label={`Delete ${name}`}>
              Delete
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
