import { describe, expect, it } from "vitest";
import { CancelledError } from "./errors.ts";
import { nextTask } from "./next-task.ts";
import { Queue } from "./queue.ts";
import { ListenerCount } from "./testing/listeners.ts";

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("jobs that take turns", () => {
  it("begin in the order in which they were asked for, each after the one before it, also where that one fails", async () => {
    const queue = new Queue();
    const { opened, open } = gate();
    const done: string[] = [];
    const first = queue.run(async () => {
      await opened;
      done.push("first");
      throw new Error("no");
    });
    const second = queue.run(async () => done.push("second"));
    await nextTask();
    expect(done).toEqual([]);
    open();
    await expect(first).rejects.toThrow("no");
    expect(await second).toBe(2);
    expect(done).toEqual(["first", "second"]);
  });

  it("give up at once where they are cancelled while they wait; who comes after still waits for the first", async () => {
    const listeners = new ListenerCount((target) => target instanceof AbortSignal);
    const queue = new Queue();
    const { opened, open } = gate();
    const done: string[] = [];
    const first = queue.run(() => opened.then(() => done.push("first")));
    const controller = new AbortController();
    const second = queue.run(async () => done.push("second"), controller.signal);
    const third = queue.run(async () => done.push("third"), new AbortController().signal);
    controller.abort();
    await expect(second).rejects.toBeInstanceOf(CancelledError);
    await expect(queue.run(async () => done.push("fourth"), controller.signal)).rejects.toBeInstanceOf(CancelledError);
    await nextTask();
    expect(done).toEqual([]);
    open();
    await Promise.all([first, third]);
    expect(done).toEqual(["first", "third"]);
    expect(listeners.live()).toEqual({});
    listeners.restore();
  });
});
