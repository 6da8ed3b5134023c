/** Who may write to a project: one tab at a time, held by the browser's own locks, which a closed or crashed tab lets go of. */

const prefix = "graft-project-";

/** Lets go of it. */
export type Release = () => void;

/** A tab that was just closed may still be busy with its last step: browsers give it some seconds before they end it. */
const patienceMs = 5000;

/** @returns null where another tab has it, and keeps it. Without locks in the browser, everybody has it. */
export async function lockProject(id: string, { waitMs = patienceMs }: { readonly waitMs?: number } = {}): Promise<Release | null> {
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  if (locks === undefined) return () => {};
  return new Promise((answer, refuse) => {
    locks.request(prefix + id, { signal: AbortSignal.timeout(waitMs) }, () => new Promise<void>((release) => answer(release))).catch((error: unknown) => {
      if (error instanceof DOMException && (error.name === "TimeoutError" || error.name === "AbortError")) answer(null);
      else refuse(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

/** Ids of the projects that some tab works on, this one among them. */
export async function lockedProjects(locks: LockManager | undefined = globalThis.navigator?.locks): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  return new Set(held.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
}
