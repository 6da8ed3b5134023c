/** What was worked on in this browser: each project, its run that can go on, and a way to delete it. The one that was left last stands out. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ErrorSentence } from "../../core/errors.ts";
import type { ProjectCard } from "../../protocol/projects.ts";
import { DeleteQuestion } from "../primitives/DeleteQuestion.tsx";
import { NameField } from "../primitives/NameField.tsx";
import { formatBytes, formatPlural } from "../primitives/format.ts";
import rows from "../primitives/rows.module.css";
import classes from "./projects.module.css";
import { whatOpens } from "./what-opens.ts";

interface ProjectRowsProps {
  readonly projects: readonly ProjectCard[];
  /** The id of the one that was left last; null where none is to stand out. */
  readonly last: string | null;
  /** One of them is being exported, or brought in. */
  readonly isZipping: boolean;
  readonly onOpen: (id: string) => void;
  readonly onResume: (id: string, run: number) => void;
  readonly onRename: (id: string, name: string) => Promise<ErrorSentence | null>;
  /** As one zip. */
  readonly onExport: (id: string, name: string) => void;
  readonly onDelete: (id: string) => void;
}

const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const tasks = { "image-classification": "Images", "text-classification": "Texts", "text-generation": "Writing" } as const;

export function ProjectRows({ projects, last, ...actions }: ProjectRowsProps) {
  return (
    <ul className={rows.list} aria-label="Projects">
      {projects.map((project) => (
        <li key={project.id}>
          <ProjectRow project={project} isLast={project.id === last} {...actions} />
        </li>
      ))}
    </ul>
  );
}

interface ProjectRowProps extends Omit<ProjectRowsProps, "projects" | "last"> {
  readonly project: ProjectCard;
  readonly isLast: boolean;
}

function ProjectRow({ project, isLast, isZipping, onOpen, onResume, onRename, onExport, onDelete }: ProjectRowProps) {
  const [asking, setAsking] = useState(false);
  const { id, name, task, createdAt, runs, bytes, interrupted, isOpenElsewhere } = project;
  const isReadable = task !== null;
  const size = isLast ? "sm" : "xs";
  return (
    <div className={isLast ? `${rows.row} ${classes.last}` : rows.row}>
      <div className={rows.grow}>
        {isLast && <p className={classes.kicker}>Go on where you left off</p>}
        <NameField name={name} what="project" isReadOnly={!isReadable || isOpenElsewhere} onRename={(next) => onRename(id, next)}>
          <span className={rows.name}>{name}</span>
        </NameField>
        {isLast && <p className={classes.opens}>{whatOpens(project)}</p>}
        <span className={rows.meta}>
          {task === null ? <span>Nothing of it can be read</span> : <span>{tasks[task]}</span>}
          {isReadable && <span>{runs === 0 ? "No runs yet" : formatPlural(runs, "run")}</span>}
          <span>{formatBytes(bytes)}</span>
          {createdAt > 0 && <span>{days.format(createdAt)}</span>}
          {isOpenElsewhere && <span>Open in another tab</span>}
          {interrupted && !isLast && <strong>{interrupted.name} was interrupted</strong>}
        </span>
      </div>
      <div className={rows.buttons}>
        {asking ? (
          <DeleteQuestion label="Delete for good" onKeep={() => setAsking(false)} onDelete={() => onDelete(id)} />
        ) : (
          <>
            {interrupted && (
              <Button size={size} onClick={() => onResume(id, interrupted.run)} aria-label={`Resume ${interrupted.name} of ${name}`}>
                Resume
              </Button>
            )}
            {isReadable && (
              <Button size={size} variant={isLast && !interrupted ? "filled" : "default"} onClick={() => onOpen(id)} aria-label={`Open ${name}`}>
                Open
              </Button>
            )}
            {isReadable && (
              <Button size={size} variant="subtle" color="gray" disabled={isZipping} onClick={() => onExport(id, name)} aria-label={`Export ${name}`}>
                Export
              </Button>
            )}
            <Button size={size} variant="subtle" color="gray" onClick={() => setAsking(true)} aria-label={`Delete ${name}`}>
              Delete
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
