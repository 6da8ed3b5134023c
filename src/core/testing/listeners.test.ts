import { afterEach, beforeEach, expect, test } from "vitest";
import { ListenerCount } from "./listeners.ts";

let count: ListenerCount;
let target: EventTarget;
beforeEach(() => {
  target = new AbortController().signal;
  count = new ListenerCount((each) => each === target);
});
afterEach(() => count.restore());

const live = (): number => count.live().AbortSignal ?? 0;
const quiet = (): void => {};

test("a listener counts until it is removed, and the same one counts once", () => {
  target.addEventListener("abort", quiet);
  target.addEventListener("abort", quiet);
  target.addEventListener("abort", quiet, true);
  new EventTarget().addEventListener("abort", quiet);
  expect(live()).toBe(2);
  target.removeEventListener("abort", quiet);
  target.removeEventListener("other", quiet);
  expect(live()).toBe(1);
  target.removeEventListener("abort", quiet, { capture: true });
  expect(count.live()).toEqual({});
});

test("one that is called once counts until then, and is called", () => {
  let calls = 0;
  target.addEventListener("abort", () => void calls++, { once: true });
  target.addEventListener("abort", () => void calls++);
  expect(live()).toBe(2);
  target.dispatchEvent(new Event("abort"));
  target.dispatchEvent(new Event("abort"));
  expect([live(), calls]).toEqual([1, 3]);
});

test("one whose signal is aborted counts no longer", () => {
  const gone = new AbortController();
  let calls = 0;
  target.addEventListener("abort", () => void calls++, { signal: gone.signal });
  gone.abort();
  target.dispatchEvent(new Event("abort"));
  expect([live(), calls]).toEqual([0, 0]);
});

test("afterwards nothing counts", () => {
  count.restore();
  target.addEventListener("abort", quiet);
  expect(live()).toBe(0);
});
