/**
 * The formats of a project's files: what each kind holds, its version, and the way from older versions to it. A new version is
 * one more entry in `migrations`, and a fixture of the version before it in testing/.
 */
import type { z } from "../core/zod.ts";
import { GraftError } from "../core/errors.ts";
import { seal, type Sealed } from "./sealed.ts";

export interface Format<T> {
  readonly kind: string;
  /** Of what is written now. Begins at 1. */
  readonly version: number;
  readonly schema: z.ZodMiniType<T>;
  /** From a version to the next one. */
  readonly migrations: Readonly<Record<number, (head: unknown) => unknown>>;
}

export function sealAs<T>({ kind, version }: Format<T>, head: T, body?: Sealed["body"]): ReturnType<typeof seal> {
  return seal({ kind, version, head, body });
}

/** The head in today's form. @throws GraftError if it is of another kind, of a newer version, or not as it should be. */
export function headAs<T>(format: Format<T>, { kind, version, head }: Sealed, where: string): T {
  if (kind !== format.kind) throw new GraftError({ where, what: `it is a file of the kind "${kind}"`, wanted: `"${format.kind}"` });
  if (version > format.version) throw new GraftError({ where, what: `it is in version ${version} of its format, and this Graft knows ${format.version}`, next: "Reload the page to get the newest Graft, and open it again" });
  let migrated = head;
  for (let from = version; from < format.version; from++) {
    const migrate = format.migrations[from];
    if (!migrate) throw new GraftError({ where, what: `it is in version ${version} of its format, which no Graft has written` });
    migrated = migrate(migrated);
  }
  const parsed = format.schema.safeParse(migrated);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GraftError({ where: issue?.path.length ? `${where}, ${issue.path.join(".")}` : where, what: issue?.message ?? "it is not as it should be", wanted: `a ${format.kind} as Graft writes it` });
}
