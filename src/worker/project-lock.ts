/** Who may write to a project: one tab at a time, held by the browser's own locks, which a closed or crashed tab lets go of. */

const prefix = "graft-project-";

/** Lets go of it. */
export type Release = () => void;

/** @returns null where another tab has it. Without locks in the browser, everybody has it. */
export async function lockProject(id: string, locks: LockManager | undefined = globalThis.navigator?.locks): Promise<Release | null> {
  if (locks === undefined) return () => {};
  return new Promise((answer, refuse) => {
    locks
      .request(prefix + id, { ifAvailable: true }, (lock) => {
        if (lock === null) return answer(null);
        return new Promise<void>((release) => answer(release));
      })
      .catch(refuse);
  });
}

/** Ids of the projects that some tab works on, this one among them. */
export async function lockedProjects(locks: LockManager | undefined = globalThis.navigator?.locks): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  return new Set(held.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
}
