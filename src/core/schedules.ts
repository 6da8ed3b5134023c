/**
 * The learning rate as a function of the step. Pure, because the page draws with it what the worker trains with.
 * Reduce-on-plateau depends on the validation loss; its state is a value that the loop carries.
 */

export type ScheduleKind = "constant" | "cosine" | "one-cycle" | "plateau";

export interface ScheduleOptions {
  readonly kind: ScheduleKind;
  /** The peak rate. */
  readonly learningRate: number;
  readonly totalSteps: number;
  /** Share of the run spent rising from 0 to the peak (cosine and constant) or to the peak (one-cycle). */
  readonly warmUp: number;
}

/**
 * The rate at `step` (0-based) without plateau reductions.
 * Cosine: Loshchilov & Hutter 2017 with linear warm-up. One-cycle: Smith & Topin 2018 as in fastai: from 1/25 of the
 * peak up by cosine, then down by cosine to 1/10000 of the start.
 */
export function scheduledLearningRate({ kind, learningRate, totalSteps, warmUp }: ScheduleOptions, step: number): number {
  const warmUpSteps = Math.round(totalSteps * warmUp);
  const cosine = (from: number, to: number, t: number): number => to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, t))))) / 2;
  if (kind === "one-cycle") {
    const start = learningRate / 25;
    const rise = Math.max(1, warmUpSteps);
    if (step < rise) return cosine(start, learningRate, step / rise);
    return cosine(learningRate, start / 1e4, (step - rise) / Math.max(1, totalSteps - 1 - rise));
  }
  if (step < warmUpSteps) return (learningRate * (step + 1)) / (warmUpSteps + 1);
  if (kind === "cosine") return cosine(learningRate, 0, (step - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps));
  return learningRate;
}

export interface PlateauState {
  readonly best: number;
  readonly badEpochs: number;
  /** Multiplies the scheduled rate. */
  readonly factor: number;
}

export const initialPlateau: PlateauState = { best: Infinity, badEpochs: 0, factor: 1 };

/** After `patience` epochs without a better validation loss, multiplies the rate by `reduction`. */
export function updatePlateau(state: PlateauState, validationLoss: number, { patience = 2, reduction = 0.5 } = {}): PlateauState {
  if (validationLoss < state.best) return { best: validationLoss, badEpochs: 0, factor: state.factor };
  const badEpochs = state.badEpochs + 1;
  return badEpochs >= patience ? { best: state.best, badEpochs: 0, factor: state.factor * reduction } : { ...state, badEpochs };
}
