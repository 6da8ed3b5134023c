/** What comes back when a project is opened, said before one opens it. Pure. */
import type { ProjectCard } from "../../protocol/projects.ts";

type Opened = Pick<ProjectCard, "data" | "newestResult" | "interrupted">;

export function whatOpens({ data, newestResult, interrupted }: Opened): string {
  const what = [data ?? "its runs", ...(data === null ? [] : ["your settings as you left them"]), ...(newestResult === null ? [] : [`the results of ${newestResult}`])];
  const list = what.length < 3 ? what.join(" and ") : `${what.slice(0, -1).join(", ")} and ${what.at(-1) ?? ""}`;
  const opens = `Opens ${list}.`;
  return interrupted ? `${interrupted.name} was interrupted: resume it from its last checkpoint, or only open the project. ${opens}` : opens;
}
