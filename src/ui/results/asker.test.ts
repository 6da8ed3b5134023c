/** Answers that come late, in whatever order somebody types: only the newest question's answer is ever told. */
import { describe, expect, it } from "vitest";
import { CancelledError, GraftError } from "../../core/errors.ts";
import { createAsker, type Asked } from "./asker.ts";

function heard() {
  const told: Asked<string>[] = [];
  const asker = createAsker<string>((asked) => told.push(asked));
  return { told, asker };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("asking faster than answers come", () => {
  it("asks one at a time, skips what was overtaken, and tells only the newest answer", async () => {
    const { told, asker } = heard();
    const asked: string[] = [];
    const open = new Map<string, (answer: string) => void>();
    const question = (name: string) => () => {
      asked.push(name);
      return new Promise<string>((resolve) => open.set(name, resolve));
    };
    for (const name of ["a", "ab", "abc"]) asker.ask(question(name));
    expect(asked).toEqual(["a"]);
    open.get("a")?.("answer to a");
    await settled();
    expect(asked).toEqual(["a", "abc"]);
    expect(told.filter(({ kind }) => kind !== "asking")).toEqual([]);
    open.get("abc")?.("answer to abc");
    await settled();
    expect(told.at(-1)).toEqual({ kind: "answered", answer: "answer to abc" });
  });

  it("keeps the last answer in sight while the next is asked", async () => {
    const { told, asker } = heard();
    asker.ask(async () => "one");
    await settled();
    asker.ask(async () => "two");
    expect(told.at(-1)).toEqual({ kind: "asking", previous: "one" });
  });

  it("tells nothing of what was forgotten, and answers again afterwards", async () => {
    const { told, asker } = heard();
    asker.ask(async () => "forgotten");
    asker.forget();
    await settled();
    expect(told.at(-1)).toEqual({ kind: "nothing" });
    asker.ask(async () => "asked");
    await settled();
    expect(told.at(-1)).toEqual({ kind: "answered", answer: "asked" });
  });

  it("a question that follows a forgotten one under way is answered", async () => {
    const { told, asker } = heard();
    asker.ask(async () => "forgotten");
    asker.forget();
    asker.ask(async () => "asked");
    await settled();
    expect(told.filter(({ kind }) => kind === "answered")).toEqual([{ kind: "answered", answer: "asked" }]);
  });

  it("an error is its sentence, a cancel is nothing, and anything else is Graft's own fault", async () => {
    const { told, asker } = heard();
    const fail = async (error: Error): Promise<Asked<string> | undefined> => {
      asker.ask(async () => {
        throw error;
      });
      await settled();
      return told.at(-1);
    };
    expect(await fail(new GraftError({ what: "notes.txt is no image" }))).toEqual({ kind: "failed", error: { what: "notes.txt is no image" } });
    expect(await fail(new CancelledError())).toEqual({ kind: "nothing" });
    expect(await fail(new Error("x is undefined"))).toMatchObject({ kind: "failed", error: { what: "Graft made a mistake: x is undefined" } });
  });
});
