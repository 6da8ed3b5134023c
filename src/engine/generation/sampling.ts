/**
 * From a model's logits to the next token, on the host: the penalty for repetition, temperature, top-k and top-p, in the order and with
 * the meaning that they have in transformers (generation/logits_process.py). Pure functions; chance comes from the passed generator.
 */
import { GraftError } from "../../core/errors.ts";
import type { Rng } from "../../core/rng.ts";
import type { GenerationOptions } from "../../protocol/generation.ts";

export type SamplingOptions = Pick<GenerationOptions, "temperature" | "topK" | "topP" | "repetitionPenalty">;

/**
 * @param logits [vocabulary]; left as they are. @param seen ids of the text so far.
 * @throws GraftError where the logits are not numbers, as after a training that blew up.
 */
export function pickToken(logits: Float32Array, seen: Iterable<number>, options: SamplingOptions, rng: Rng): number {
  if (!logits.every((logit) => !Number.isNaN(logit))) throw new GraftError({ where: "writing text", what: "the model's scores are not numbers", next: "Its training has diverged: train it again with a lower learning rate." });
  const scores = penalizeRepetition(logits, seen, options.repetitionPenalty);
  return options.temperature === 0 ? likeliest(scores) : draw(probabilitiesOf(scores, options), rng);
}

/** Logits of what was seen are divided by the penalty, or multiplied where they are negative (Keskar et al., 2019: CTRL, section 4.1). */
export function penalizeRepetition(logits: Float32Array, seen: Iterable<number>, penalty: number): Float32Array {
  const scores = logits.slice();
  if (penalty === 1) return scores;
  for (const id of new Set(seen)) {
    const score = scores[id];
    if (score !== undefined) scores[id] = score < 0 ? score * penalty : score / penalty;
  }
  return scores;
}

/** The first of equal ones. */
function likeliest(scores: Float32Array): number {
  return scores.reduce((best, score, id) => (score > (scores[best] as number) ? id : best), 0);
}

/**
 * What a token is drawn from, adding up to 1, zero for what is left out. The k best (Fan et al., 2018), of them those that p of the
 * probability lies in, at least one (nucleus sampling; Holtzman et al., 2020). Where the last ones are equal, all of them stay.
 */
export function probabilitiesOf(scores: Float32Array, { temperature, topK, topP }: Omit<SamplingOptions, "repetitionPenalty">): Float64Array {
  // Sorted without a comparison of ours, which takes a tenth of the time.
  const ascending = topK > 0 || topP < 1 ? scores.slice().sort() : scores;
  const best = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const weigh = (score: number): number => Math.exp((score - best) / temperature);
  let least = topK > 0 && topK < ascending.length ? (ascending.at(-topK) as number) : -Infinity;
  if (topP < 1) least = nucleusEnd(ascending, least, weigh, topP);
  const weights = Float64Array.from(scores, (score) => (score >= least ? weigh(score) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The lowest score of which those above it make up less than p of what is at least `least`. */
function nucleusEnd(ascending: Float32Array, least: number, weigh: (score: number) => number, p: number): number {
  let total = 0;
  for (const score of ascending) if (score >= least) total += weigh(score);
  let above = 0;
  let end = ascending.at(-1) as number;
  for (let i = ascending.length - 1; i >= 0 && above < p * total; i--) {
    const score = ascending[i] as number;
    if (score < least) break;
    end = score;
    above += weigh(score);
  }
  return end;
}

function draw(probabilities: Float64Array, rng: Rng): number {
  const mark = rng.uniform();
  let sum = 0;
  let last = 0;
  for (const [id, probability] of probabilities.entries()) {
    if (probability === 0) continue;
    sum += probability;
    last = id;
    if (sum > mark) break;
  }
  // Where rounding leaves the sum below 1 and the mark above it, the last one that can be drawn.
  return last;
}
