/**
 * What measures of a model's predictions look like to whoever shows them. Every number is finite, so that it survives JSON: `null`
 * stands where a measure is not defined (the area of a class without examples, the correlation of a constant).
 */

export interface RocPoint {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
  /** Scores from here up count as the class; null at the start, where none does. */
  readonly threshold: number | null;
}

export interface RocCurve {
  /** From (0, 0) to (1, 1), at most a hundred or so; none where the class has no examples or the others have none. */
  readonly points: readonly RocPoint[];
  /** Of all thresholds, not of the points alone. */
  readonly area: number | null;
}

export interface PrecisionRecallPoint {
  readonly recall: number;
  readonly precision: number;
  /** As in RocPoint. */
  readonly threshold: number | null;
}

export interface PrecisionRecallCurve {
  /** From recall 0, where precision counts as 1, to recall 1; none where the class has no examples. */
  readonly points: readonly PrecisionRecallPoint[];
  /** The mean of the precisions, each weighted by the recall that it adds; of all thresholds. */
  readonly averagePrecision: number | null;
}

/** One class against all others. */
export interface ClassCurves {
  readonly name: string;
  readonly roc: RocCurve;
  readonly precisionRecall: PrecisionRecallCurve;
}

/** Predictions whose probability lies above `from`, up to `to`; the first bin has 0 too. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Null where the bin is empty, as the next. */
  readonly meanPredicted: number | null;
  /** Share of the predictions that came true. */
  readonly observed: number | null;
}

export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  /** How far what was predicted and what came true are apart, the bins weighted by their counts: 0 .. 1. */
  readonly expectedCalibrationError: number | null;
  /** Mean squared distance of the probabilities to the truth: 0 .. 2 for classes, whose squares are added up, 0 .. 1 for one probability. */
  readonly brierScore: number | null;
}

export interface LabelMetrics {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Examples that have the label. */
  readonly support: number;
  readonly averagePrecision: number | null;
}

/** Of predictions that give every label a probability of its own. */
export interface MultiLabelMetrics {
  /** Mean binary cross-entropy over examples and labels. */
  readonly loss: number | null;
  readonly f1Micro: number | null;
  /** Over the labels that occur or are predicted. */
  readonly f1Macro: number | null;
  /** Share of the examples whose labels are all right. */
  readonly subsetAccuracy: number | null;
  /** Share of the labels that are wrong. */
  readonly hammingLoss: number | null;
  /** Over the labels that occur. */
  readonly meanAveragePrecision: number | null;
  readonly perLabel: readonly LabelMetrics[];
}

export interface RegressionMetrics {
  readonly meanAbsoluteError: number | null;
  readonly rootMeanSquaredError: number | null;
  /** Share of the targets' variance that is explained; below 0 for what is worse than their mean. */
  readonly r2: number | null;
  readonly pearson: number | null;
  readonly spearman: number | null;
}
