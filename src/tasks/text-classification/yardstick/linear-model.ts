/**
 * Linear models of sparse rows: logistic regression (one sigmoid for two classes, softmax for more, a sigmoid for each label) and ridge
 * regression, as scikit-learn's LogisticRegression and Ridge define them: half the squared weights plus `inverseRegularisation` times the summed
 * losses, the intercepts free.
 */
import type { Pace } from "../../../data/pace.ts";
import { minimise, type Objective } from "./minimise.ts";
import { rowCount, type SparseRows } from "./rows.ts";

/** What a row's scores are for. */
export type Link = "sigmoid" | "softmax" | "identity";

export interface LinearOptions {
  readonly link: Link;
  readonly outputs: number;
  /** scikit-learn's C, or 1 / alpha for ridge regression. */
  readonly inverseRegularisation: number;
  /** How large an element of the gradient may be at the end, for each row. */
  readonly tolerance?: number;
  readonly onIteration?: (done: number, maximum: number) => void;
}

export interface LinearModel {
  readonly link: Link;
  readonly outputs: number;
  /** [columns + 1, outputs], row-major; the last row are the intercepts. */
  readonly weights: Float64Array;
}

const maximumIterations = 200;
/** Rows between two looks at the clock. */
const rowsAtOnce = 64;
/** Steps of the optimizer that are remembered, fewer for large models: two vectors of doubles each. */
const memoryElements = 16e6;

/** @param targets [rows, outputs]: 0 or 1 (for softmax one 1 a row), or numbers. */
export async function fitLinear(rows: SparseRows, targets: ArrayLike<number>, { link, outputs, inverseRegularisation, tolerance = 1e-5, onIteration }: LinearOptions, pace: Pace): Promise<LinearModel> {
  const count = rowCount(rows);
  const intercepts = rows.columnCount * outputs;
  const scores = new Float64Array(outputs);

  /** All of it divided by the inverse regularisation, as scikit-learn optimises it. */
  const objective: Objective = async (weights, gradient) => {
    let value = 0;
    for (let i = 0; i < intercepts; i++) {
      const weight = weights[i] as number;
      value += (weight * weight) / (2 * inverseRegularisation);
      gradient[i] = weight / inverseRegularisation;
    }
    for (let row = 0; row < count; row++) {
      scoreRow(rows, row, weights, scores);
      value += lossOf(link, scores, targets, row * outputs);
      for (let entry = rows.starts[row] as number; entry < (rows.starts[row + 1] as number); entry++) {
        const at = (rows.columns[entry] as number) * outputs;
        const x = rows.values[entry] as number;
        for (let output = 0; output < outputs; output++) gradient[at + output]! += x * (scores[output] as number);
      }
      for (let output = 0; output < outputs; output++) gradient[intercepts + output]! += scores[output] as number;
      if (row % rowsAtOnce === 0 && pace.due) await pace.breathe();
    }
    return value;
  };

  const start = new Float64Array(intercepts + outputs);
  const memory = Math.max(3, Math.min(10, Math.floor(memoryElements / (2 * start.length))));
  const weights = await minimise(objective, start, { scales: inverseCurvatures(rows, link, outputs, inverseRegularisation), tolerance: tolerance * count, maximumIterations, memory, onIteration: (done) => onIteration?.(done, maximumIterations) }, pace);
  return { link, outputs, weights };
}

/** One over the second derivatives, the losses' own taken as where nothing is known yet. */
function inverseCurvatures({ columns, values, starts, columnCount }: SparseRows, link: Link, outputs: number, inverseRegularisation: number): Float64Array {
  const share = 1 / outputs;
  const ofLoss = { identity: 1, sigmoid: 1 / 4, softmax: share * (1 - share) }[link];
  const squares = new Float64Array(columnCount + 1);
  for (let entry = 0; entry < values.length; entry++) squares[columns[entry] as number]! += (values[entry] as number) ** 2;
  squares[columnCount] = starts.length - 1;
  const result = new Float64Array(squares.length * outputs);
  squares.forEach((square, column) => result.fill(1 / ((column < columnCount ? 1 / inverseRegularisation : 0) + ofLoss * square + 1e-12), column * outputs, (column + 1) * outputs));
  return result;
}

/** [rows, outputs]: probabilities, or numbers for ridge regression. */
export async function predictLinear({ link, outputs, weights }: LinearModel, rows: SparseRows, pace: Pace): Promise<Float32Array> {
  const result = new Float32Array(rowCount(rows) * outputs);
  const scores = new Float64Array(outputs);
  for (let row = 0; row < rowCount(rows); row++) {
    scoreRow(rows, row, weights, scores);
    if (link === "softmax") softmax(scores);
    if (link === "sigmoid") scores.forEach((score, i) => (scores[i] = sigmoid(score)));
    result.set(scores, row * outputs);
    if (row % rowsAtOnce === 0 && pace.due) await pace.breathe();
  }
  return result;
}

function scoreRow({ starts, columns, values, columnCount }: SparseRows, row: number, weights: Float64Array, scores: Float64Array): void {
  const outputs = scores.length;
  for (let output = 0; output < outputs; output++) scores[output] = weights[columnCount * outputs + output] as number;
  for (let entry = starts[row] as number; entry < (starts[row + 1] as number); entry++) {
    const at = (columns[entry] as number) * outputs;
    const x = values[entry] as number;
    for (let output = 0; output < outputs; output++) scores[output]! += x * (weights[at + output] as number);
  }
}

/** The loss of one row; its scores become the loss's derivatives by them. */
function lossOf(link: Link, scores: Float64Array, targets: ArrayLike<number>, at: number): number {
  let loss = 0;
  if (link === "softmax") {
    for (let i = 0; i < scores.length; i++) loss -= (targets[at + i] as number) * (scores[i] as number);
    loss += softmax(scores);
    for (let i = 0; i < scores.length; i++) scores[i]! -= targets[at + i] as number;
    return loss;
  }
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    const target = targets[at + i] as number;
    if (link === "identity") {
      loss += (score - target) ** 2 / 2;
      scores[i] = score - target;
    } else {
      // log(1 + exp(score)) - target * score, without overflow.
      loss += Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - target * score;
      scores[i] = sigmoid(score) - target;
    }
  }
  return loss;
}

function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

/** In place. @returns the logarithm of what the exponentials add up to. */
function softmax(scores: Float64Array): number {
  const peak = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] = Math.exp((scores[i] as number) - peak);
  for (let i = 0; i < scores.length; i++) scores[i]! /= sum;
  return peak + Math.log(sum);
}
