/** The desk of a model that writes, against a worker that does as told: both models at once, pieces, stops, failures, insertions and their undoing. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { GraftError } from "../core/errors.ts";
import { parseRecipe } from "../protocol/recipe.ts";
import type { Generated, GenerationRequest, RunResults } from "../protocol/run.ts";

const worker = vi.hoisted(() => ({ generate: vi.fn(), generateOpened: vi.fn(), stopGenerating: vi.fn() }));
vi.mock("./client.ts", () => ({ worker: () => worker, sentenceOf: (error: unknown) => (error instanceof GraftError ? error.sentence : { what: String(error) }) }));
const { formOf, isWriting, promptOf, useOpenedWriting, useRunWriting } = await import("./writing.ts");
const { useRun } = await import("./run.ts");

const begin = useRunWriting.getState();
const desk = () => useRunWriting.getState();
const done = (text: string): Generated => ({ text, tokens: 3, reason: "length", tokensPerSecond: 10 });

beforeEach(() => {
  vi.resetAllMocks();
  useRunWriting.setState({ ...begin, draft: "Call me" }, true);
});

describe("the playground's store", () => {
  it("asks both models the same, and shows the text of each", async () => {
    worker.generate.mockImplementation(({ which }: GenerationRequest) => Promise.resolve(done(which === "tuned" ? " Ishmael" : " a cab")));
    desk().setDrawing({ temperature: 0, stopText: "\\n\\n" });
    await desk().write();
    const asked = worker.generate.mock.calls.map(([request]) => request as GenerationRequest);
    expect(asked.map(({ which, prompt }) => [which, prompt])).toEqual([
      ["tuned", "Call me"],
      ["base", "Call me"],
    ]);
    expect(asked[0]?.options).toEqual({ temperature: 0, topK: 40, topP: 0.95, repetitionPenalty: 1.1, maxNewTokens: 100, seed: 1, stop: ["\n\n"] });
    expect(asked[0]?.options).toEqual(asked[1]?.options);
    expect([desk().written.tuned, desk().written.base]).toMatchObject([
      { kind: "written", text: " Ishmael" },
      { kind: "written", text: " a cab" },
    ]);
  });

  it("shows the text as it comes, and does not write twice at once", async () => {
    let end: (result: Generated) => void = () => undefined;
    let piece: (text: string) => void = () => undefined;
    worker.generateOpened.mockImplementation((_, onText: typeof piece) => {
      piece = onText;
      return new Promise((resolve) => (end = resolve));
    });
    const shown: string[] = [];
    const unsubscribe = useOpenedWriting.subscribe(({ written: { tuned } }) => shown.push("text" in tuned ? tuned.text : ""));
    const writing = useOpenedWriting.getState().write();
    expect(isWriting(useOpenedWriting.getState())).toBe(true);
    await useOpenedWriting.getState().write();
    expect(worker.generateOpened).toHaveBeenCalledTimes(1);
    for (const each of [" a", " b"]) piece(each);
    end(done(" a b c"));
    await writing;
    unsubscribe();
    expect(shown).toEqual(["", " a", " a b", " a b c"]);
    expect(isWriting(useOpenedWriting.getState())).toBe(false);
  });

  it("keeps what was written before a failure, and says what failed", async () => {
    worker.generate.mockImplementation(({ which }: GenerationRequest, onText: (piece: string) => void) => {
      if (which === "base") return Promise.resolve(done("fine"));
      onText(" half");
      return Promise.reject(new GraftError({ what: "its logits are not numbers" }));
    });
    await desk().write();
    expect(desk().written).toMatchObject({ tuned: { kind: "failed", text: " half", error: { what: "its logits are not numbers" } }, base: { kind: "written" } });
  });

  it("forgets the texts of the last run when another starts, late ones too", async () => {
    let end: (result: Generated) => void = () => undefined;
    worker.generate.mockImplementation(() => new Promise((resolve) => (end = resolve)));
    const writing = desk().write();
    useRun.setState({ recipe: parseRecipe({ task: "text-generation", model: "m" }) });
    expect(desk().written.tuned.kind).toBe("nothing");
    worker.generate.mockResolvedValue(done("new"));
    end(done("late"));
    await Promise.race([writing, new Promise((resolve) => setTimeout(resolve, 20))]);
    expect(desk().written.base.kind).toBe("nothing");
  });

  it("puts a text where the way in which it was written wants it, whatever was chosen since, and takes it back", async () => {
    worker.generate.mockResolvedValue(done(" and he came.\n"));
    const outcomes: string[] = [];
    for (const [way, since] of [["continue", "rewrite"], ["rewrite", "summarise"], ["summarise", "continue"]] as const) {
      desk().setWay(way);
      await desk().write();
      desk().setWay(since);
      desk().insert("tuned");
      outcomes.push(desk().draft);
      desk().undo();
      expect(desk().draft).toBe("Call me");
    }
    expect(outcomes).toEqual(["Call me and he came.\n", "and he came.", "and he came.\n\nCall me"]);
    // Undoing after more was typed would lose that.
    desk().insert("tuned");
    desk().setDraft("Call me and he came. More");
    expect(desk().replaced).toBeNull();
  });

  it("puts the draft into the template as it is, dollars and all", () => {
    expect(promptOf({ draft: "costs $& and $1", way: "rewrite", templates: { ...desk().templates, text: { ...desk().templates.text, rewrite: "A: {draft} B: {draft}" } } }, "text")).toBe("A: costs $& and $1 B: costs $& and $1");
  });

  it("asks a model that was tuned on chats as in one, shows its answer below, and takes a text where the person says so", async () => {
    useRun.setState({ results: { kind: "ready", results: { chat: { form: "plain", isUsual: true } } as RunResults } });
    worker.generate.mockResolvedValue(done(" Ishmael"));
    await desk().write();
    expect(worker.generate.mock.calls[0]?.[0]).toMatchObject({ prompt: "Call me", asChat: true });
    expect(desk().written.tuned).toMatchObject({ prompt: "Call me\n\n", text: "Ishmael" });
    desk().insert("tuned");
    expect(desk().draft).toBe("Call me\n\nIshmael");
    desk().undo();
    desk().setForm("text");
    await desk().write();
    expect(worker.generate.mock.lastCall?.[0]).toMatchObject({ prompt: "Call me", asChat: false });
    expect(desk().written.tuned).toMatchObject({ prompt: "Call me", text: " Ishmael" });
    useRun.setState({ recipe: parseRecipe({ task: "text-generation", model: "another" }), results: { kind: "none" } });
    expect(formOf(desk(), undefined)).toBe("text");
    expect([true, false].map((isUsual) => formOf(desk(), { form: "own", isUsual }))).toEqual(["chat", "text"]);
  });
});
