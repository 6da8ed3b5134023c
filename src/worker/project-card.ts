/** A project as one line of the list: what opens with it, and what it takes in storage. */
import type { Project } from "../projects/project.ts";
import type { ListedProject } from "../projects/project-store.ts";
import type { ProjectCard } from "../protocol/projects.ts";
import { taskIds } from "../protocol/recipe.ts";
import { isListed } from "./run-cards.ts";

interface Use {
  /** Another tab has it open, and writes to it. */
  readonly isOpenElsewhere: boolean;
  /** A run of it is under way in this tab. */
  readonly isTraining: boolean;
}

export async function projectCard(project: Project, { id, record }: ListedProject, { isOpenElsewhere, isTraining }: Use): Promise<ProjectCard> {
  const task = taskIds.find((known) => known === record?.task) ?? null;
  const bytes = await project.bytes(record ?? { sources: [] });
  if (!record || task === null) return { id, name: record?.name ?? "A damaged project", task: null, createdAt: record?.createdAt ?? 0, runs: 0, bytes, data: null, newestResult: null, interrupted: null, isOpenElsewhere };
  const runs = (await project.runs()).filter(isListed);
  const found = isOpenElsewhere || isTraining ? undefined : runs.find((run) => run.record?.state === "running");
  return {
    id,
    name: record.name,
    task,
    createdAt: record.createdAt,
    runs: runs.length,
    bytes,
    data: record.sources.find((source) => source.id === record.draft?.data)?.name ?? null,
    newestResult: runs.find((run) => run.record?.state === "finished")?.record?.name ?? null,
    interrupted: found ? { run: found.run.id, name: found.record?.name ?? "" } : null,
    isOpenElsewhere,
  };
}
