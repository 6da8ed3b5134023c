/** The yardstick in a run's preparation: learned from the training rows alone, right for each kind of target, and soon over when stopped. */
import { describe, expect, it } from "vitest";
import { CancelledError } from "../../core/errors.ts";
import { datasetFromTable, openFiles } from "../../data/open.ts";
import type { TextDataset } from "../../data/text-dataset.ts";
import type { ClassificationColumns } from "../../protocol/data.ts";
import { RunControl } from "../../train/control.ts";
import { BagOfWords } from "./comparison.ts";
import { Yardstick } from "./yardstick.ts";

async function datasetOf(csv: string, columns: ClassificationColumns): Promise<TextDataset> {
  const opened = await openFiles([{ path: "rows.csv", blob: new Blob([csv]) }]);
  if (opened.kind !== "table") throw new Error("A CSV is a table.");
  const dataset = await datasetFromTable(opened.table, columns);
  dataset.setSplit({ validation: 0.25, test: 0.25, seed: 1 });
  return dataset;
}

/** The second text alone says how large the number is. */
const pairs = `one,two,price\n${Array.from({ length: 60 }, (_, i) => `item ${i},${i % 2 ? "large" : "small"} number ${i},${i % 2 ? 20 : 10}`).join("\n")}\n`;
const columns: ClassificationColumns = { text: "one", secondText: "two", label: "price", target: "regression" };

describe("a run's bag of words", () => {
  it("reads both texts of a pair, learns from the training rows, and says the held-back ones in their order", async () => {
    const dataset = await datasetOf(pairs, columns);
    const asked: number[][] = [];
    const yardstick = new BagOfWords(dataset, (training) => (asked.push([...training]), { kind: "number", targets: training.map((example) => (example % 2 ? 20 : 10)) }));
    expect(yardstick.predictions("test")).toBeUndefined();
    const heard: string[] = [];
    await yardstick.prepare(({ what }) => heard.push(what), new RunControl());
    expect(asked).toEqual([dataset.indices("train")]);
    for (const split of ["validation", "test"] as const) {
      const said = yardstick.predictions(split);
      expect([...(said ?? [])].map((number) => (number > 15 ? 1 : 0))).toEqual(dataset.indices(split).map((example) => example % 2));
      expect(said?.length).toBeGreaterThan(9);
    }
    // Those of the test are what the same model says that was trained by hand.
    const texts = (split: "train" | "test"): string[] => dataset.indices(split).map((example) => `${dataset.texts(example).text} ${dataset.texts(example).secondText}`);
    const byHand = await Yardstick.train(texts("train"), { kind: "number", targets: dataset.indices("train").map((example) => (example % 2 ? 20 : 10)) });
    expect(yardstick.predictions("test")).toEqual(await byHand.predict(texts("test")));
    expect(heard[0]).toMatch(/^Measuring a bag of words, the yardstick/);
  });

  it("ends soon after the run was stopped, and says nothing then", async () => {
    const many = `text,number\n${Array.from({ length: 20_000 }, (_, i) => `${Array.from({ length: 12 }, (_, k) => `w${(i * 31 + k * k * 17) % 5000}`).join(" ")},${i % 7}`).join("\n")}\n`;
    const dataset = await datasetOf(many, { text: "text", label: "number", target: "regression" });
    const control = new RunControl();
    const yardstick = new BagOfWords(dataset, (training) => ({ kind: "number", targets: training.map((example) => example % 7) }));
    const ended = yardstick.prepare(() => {}, control).then(() => null, (error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stoppedMs = performance.now();
    control.stop();
    expect(await ended).toBeInstanceOf(CancelledError);
    expect(performance.now() - stoppedMs).toBeLessThan(500);
    expect(yardstick.predictions("validation")).toBeUndefined();
  });
});
