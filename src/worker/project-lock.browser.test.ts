/** The browser's own locks: one holder at a time, and the next as soon as it lets go. */
import { expect, test } from "vitest";
import { lockedProjects, lockProject } from "./project-lock.ts";

test("a project has one holder; who asks meanwhile gets it when it is let go of in time, and else not", async () => {
  const release = await lockProject("a");
  expect(release).not.toBeNull();
  expect(await lockedProjects()).toEqual(new Set(["a"]));
  expect(await lockProject("a", { waitMs: 20 })).toBeNull();
  const other = await lockProject("b", { waitMs: 20 });
  expect(await lockedProjects()).toEqual(new Set(["a", "b"]));
  const waiting = lockProject("a", { waitMs: 10_000 });
  release?.();
  const second = await waiting;
  expect(second).not.toBeNull();
  second?.();
  other?.();
  await expect.poll(lockedProjects).toEqual(new Set());
});
