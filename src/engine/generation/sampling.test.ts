/** Sampling against transformers' rules as PyTorch computes them (tools/reference/sampling.py), and drawing against its own probabilities. */
import { describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { Rng } from "../../core/rng.ts";
import goldens from "./goldens/sampling.json" with { type: "json" };
import { penalizeRepetition, pickToken, probabilitiesOf, type SamplingOptions } from "./sampling.ts";

const plain: SamplingOptions = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 };
const drawn = (logits: Float32Array, options: Partial<SamplingOptions>, seed: number, count: number, seen: readonly number[] = []): number[] => {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => pickToken(logits, seen, { ...plain, ...options }, rng));
};

describe("probabilities of the next token", () => {
  it("has nine settings to compare", () => expect(goldens.cases.length).toBe(9));

  it.each(goldens.cases.map((golden) => [JSON.stringify(golden.options), golden] as const))("are transformers' with %s", (_, { options, logits, seen, probabilities }) => {
    const got = probabilitiesOf(penalizeRepetition(Float32Array.from(logits), seen, options.repetitionPenalty), options);
    expect(got).toBeAllClose(probabilities, { rtol: 1e-5, atol: 1e-9 });
    expect([...got].map((probability) => probability === 0)).toEqual(probabilities.map((probability) => probability === 0));
  });

  it("keep what is as good as the last one that is kept", () => {
    expect([...probabilitiesOf(Float32Array.of(0, 2, 0, 0), { temperature: 1, topK: 2, topP: 1 })].every((probability) => probability > 0)).toBe(true);
    expect([...probabilitiesOf(Float32Array.of(1, 1, 1), { temperature: 1, topK: 0, topP: 0.3 })]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });
});

describe("the next token", () => {
  const logits = Float32Array.of(1, 3, -2, 3, 0);

  it("is the first of the likeliest at temperature 0, after the penalty", () => {
    expect(drawn(logits, { temperature: 0 }, 1, 3)).toEqual([1, 1, 1]);
    expect(drawn(logits, { temperature: 0, repetitionPenalty: 1.5 }, 1, 1, [1])).toEqual([3]);
    expect(drawn(logits, { temperature: 0, repetitionPenalty: 4 }, 1, 1, [1, 3])).toEqual([0]);
    expect([...logits]).toEqual([1, 3, -2, 3, 0]);
  });

  it("comes as often as its probability says, and the same ones come from the same seed", () => {
    const count = 20_000;
    const options = { temperature: 0.9, topK: 4 };
    const ids = drawn(logits, options, 5, count);
    const shares = [...logits.keys()].map((id) => ids.filter((other) => other === id).length / count);
    // Three standard deviations of a share of a half.
    expect(shares).toBeAllClose(probabilitiesOf(logits, { ...options, topP: 1 }), { rtol: 0, atol: 3 * Math.sqrt(0.25 / count) });
    expect(shares[2]).toBe(0);
    expect(drawn(logits, options, 5, 50)).toEqual(ids.slice(0, 50));
    expect(drawn(logits, options, 6, 50)).not.toEqual(ids.slice(0, 50));
  });

  it("is refused where the model's scores are no numbers", () => {
    expect(() => pickToken(Float32Array.of(1, NaN), [], plain, new Rng(1))).toThrow("writing text: the model's scores are not numbers. Its training has diverged");
  });
});
