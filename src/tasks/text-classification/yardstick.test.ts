/** The bag of words against scikit-learn (tools/reference/yardstick.py), and on texts that are not what one hopes for. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { CancelledError } from "../../core/errors.ts";
import { Rng } from "../../core/rng.ts";
import "../../core/testing/to-be-all-close.ts";
import { Pace } from "../../data/pace.ts";
import goldens from "./goldens/yardstick.json" with { type: "json" };
import { Yardstick, type YardstickTarget } from "./yardstick.ts";
import { Vocabulary } from "./yardstick/vocabulary.ts";
import { wordsOf } from "./yardstick/words.ts";

const { train, asked, terms, coefficients } = goldens.reference;
const targetOf = (golden: (typeof goldens.cases)[number]): YardstickTarget => golden as YardstickTarget;
const logit = (probability: number): number => Math.log(probability / (1 - probability));

/** Two kinds of texts that share most words. */
function texts(count: number, rng: Rng): { readonly texts: string[]; readonly labels: number[] } {
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  return { labels, texts: labels.map((label) => Array.from({ length: 20 }, (_, k) => (k % 5 === 0 ? `mark${label}x${rng.int(8)}` : `word${rng.int(500)}`)).join(" ")) };
}

describe("the bag of words", () => {
  it("has a golden for each kind of target", () => {
    expect(goldens.cases.map(({ kind, classes }) => [kind, classes])).toEqual([["classes", 2], ["classes", 3], ["labels", undefined], ["number", undefined]]);
  });

  it.each(goldens.cases.map((golden) => [`${golden.kind}${golden.classes ?? ""}`, golden] as const))("predicts what scikit-learn does: %s", async (_, golden) => {
    const yardstick = await Yardstick.train(train, targetOf(golden));
    expect(yardstick.terms).toBe(terms);
    expect(await yardstick.predict(asked)).toBeAllClose(golden.predictions, { rtol: 1e-3, atol: 1e-3 });
  });

  it("has scikit-learn's coefficients, and the same bits again", async () => {
    const run = async (): Promise<Float32Array> => (await Yardstick.train(train, targetOf(goldens.cases[0]!))).predict(["", ...Object.keys(coefficients)]);
    const predictions = await run();
    const [intercept, ...scores] = Array.from({ length: predictions.length / 2 }, (_, row) => logit(predictions[2 * row + 1]!));
    expect(scores.map((score) => score - intercept!)).toBeAllClose(Object.values(coefficients), { rtol: 5e-3 });
    expect(await run()).toEqual(predictions);
  });

  it("tells two kinds of texts apart that it has not seen", async () => {
    const rng = new Rng(3);
    const known = texts(600, rng);
    const held = texts(200, rng);
    const yardstick = await Yardstick.train(known.texts, { kind: "classes", classes: 2, labels: known.labels });
    const predictions = await yardstick.predict(held.texts);
    expect(held.labels.filter((label, row) => predictions[2 * row + label]! > 0.5).length).toBeGreaterThan(190);
  });
});

describe("odd rows", () => {
  it("without any word, or any text, are predicted by how often each class occurs", async () => {
    const yardstick = await Yardstick.train(["", "  ", "!?", "", ""], { kind: "classes", classes: 3, labels: [0, 0, 0, 2, 0] });
    expect(yardstick.terms).toBe(0);
    expect(await yardstick.predict(["", "anything"])).toBeAllClose([0.8, 0, 0.2, 0.8, 0, 0.2], { atol: 2e-3 });
    expect(await yardstick.predict([])).toHaveLength(0);
    const one = await Yardstick.train(["only this"], { kind: "classes", classes: 2, labels: [1] });
    expect((await one.predict(["only this"]))[1]).toBeGreaterThan(0.9);
  });

  it("of a class that does not occur, or of one number, stay finite", async () => {
    const classes = await Yardstick.train(train, { kind: "classes", classes: 4, labels: train.map((_, i) => i % 3) });
    const probabilities = await classes.predict(asked);
    expect(probabilities.every((probability, i) => probability >= 0 && probability <= 1 && (i % 4 !== 3 || probability < 1e-2))).toBe(true);
    const always = await Yardstick.train(train, { kind: "labels", labels: 2, targets: train.flatMap((_, i) => [1, i % 2]) });
    expect((await always.predict(asked)).every((probability, i) => i % 2 === 1 || probability > 0.99)).toBe(true);
    const constant = await Yardstick.train(train, { kind: "number", targets: train.map(() => 4.5) });
    expect(await constant.predict(["the film", ""])).toBeAllClose([4.5, 4.5]);
  });

  it("are cut where all of them together would be too long", async () => {
    const vocabulary = await Vocabulary.of(["a b c d e f", "a b"], { maximumTerms: 100, maximumWords: 6 }, new Pace({}));
    // Three words of each: a, b, c and two pairs.
    expect(vocabulary.size).toBe(5);
  });
});

describe("the vocabulary", () => {
  const pace = new Pace({});

  it("keeps the terms of most texts where there are too many", async () => {
    const vocabulary = await Vocabulary.of(["red cat", "red cat", "red dog", "one fox"], { maximumTerms: 3 }, pace);
    const rows = await vocabulary.vectorise(["red cat", "dog"], pace, () => undefined);
    // red (3 texts), then cat and red cat (2).
    expect([...rows.starts]).toEqual([0, 3, 3]);
    const [red, cat] = [Math.log(5 / 4) + 1, Math.log(5 / 3) + 1];
    const length = Math.hypot(red, cat, cat);
    expect(Float32Array.from(rows.values).sort()).toBeAllClose([red / length, cat / length, cat / length]);
  });

  it("stays bounded where nearly every pair is new", async () => {
    const rng = new Rng(5);
    const many = Array.from({ length: 4000 }, () => Array.from({ length: 60 }, () => `w${rng.int(3000)}`).join(" "));
    const vocabulary = await Vocabulary.of(many, { maximumTerms: 2000 }, pace);
    expect(vocabulary.size).toBeLessThanOrEqual(2000);
    expect(vocabulary.size).toBeGreaterThan(1900);
  });
});

describe("words", () => {
  it.each<[string, string[]]>([
    ["Don't STOP, x_1!", ["don", "t", "stop", "x_1"]],
    ["naïve e\u0301te\u0301 ﬁne", ["naïve", "été", "fine"]],
    ["हिन्दी में", ["हिन्दी", "में"]],
    ["שלום עולם", ["שלום", "עולם"]],
    ["日本語 text です", ["日", "本", "語", "text", "で", "す"]],
    ["ok🙂🇩🇪👍🏽", ["ok", "🙂", "🇩🇪", "👍"]],
    ["", []],
  ])("of %j", (text, want) => {
    expect(wordsOf(text, 100)).toEqual(want);
  });

  it("are no more than asked for, of however long a text", () => {
    const start = performance.now();
    expect(wordsOf("word ".repeat(10_000), 3)).toEqual(["word", "word", "word"]);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe("as a job", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("reports, and breathes", async () => {
    const rng = new Rng(9);
    const { texts: many, labels } = texts(8000, rng);
    const reports: string[] = [];
    // Of the processor's time, which others on a busy machine do not take.
    const usedMs = (): number => process.cpuUsage().user / 1000;
    let longestMs = 0;
    let last = usedMs();
    const timer = setInterval(() => {
      longestMs = Math.max(longestMs, usedMs() - last);
      last = usedMs();
    }, 1);
    try {
      await Yardstick.train(many, { kind: "classes", classes: 2, labels }, { onProgress: ({ what }) => reports.push(what) });
    } finally {
      clearInterval(timer);
    }
    expect(new Set(reports)).toEqual(new Set(["Counting words", "Weighing words", "Fitting the bag of words"]));
    // Thirty are aimed at; the compiler's and the collector's threads count too.
    expect(longestMs).toBeLessThan(200);
  });

  it.each(["Counting words", "Weighing words", "Fitting the bag of words"])("can be cancelled while it is at: %s", async (stage) => {
    // A tenth of a second goes by whenever somebody looks: every report is due.
    let ms = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => (ms += 101));
    const { texts: some, labels } = texts(16, new Rng(9));
    const controller = new AbortController();
    const cancelled = Yardstick.train(some, { kind: "classes", classes: 2, labels }, { signal: controller.signal, onProgress: ({ what }) => what === stage && controller.abort() });
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
  });
});
