/** What a run tells the page while it goes, and what it leaves behind. */
import type { ErrorSentence } from "../core/errors.ts";
import type { TextExplanation } from "../core/text-explanation.ts";
import type { Calibration, ClassCurves, MultiLabelMetrics, RegressionMetrics } from "../core/metrics.ts";
import type { Split } from "./data.ts";
import type { ChatUse, GenerationEnd, GenerationOptions } from "./generation.ts";
import type { BackendName } from "./recipe.ts";

/** The figure that is watched beside the loss. */
export interface ScoreInfo {
  /** `Accuracy`, `Mean absolute error` */
  readonly name: string;
  readonly better: "higher" | "lower";
  /** Between 0 and 1. */
  readonly isShare: boolean;
}

export interface StepPoint {
  /** 1-based count of optimizer steps. */
  readonly step: number;
  /** Fractional: 1.5 is half way through the second epoch. */
  readonly epoch: number;
  readonly loss: number;
  readonly score: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
}

export interface EpochPoint {
  /** 1-based. */
  readonly epoch: number;
  readonly step: number;
  readonly trainLoss: number;
  readonly trainScore: number;
  readonly validationLoss: number;
  readonly validationScore: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly best: boolean;
}

export interface RunInfo {
  readonly backend: BackendName;
  readonly adapter: string;
  readonly totalSteps: number;
  readonly epochs: number;
  readonly trainableParameters: number;
  readonly totalParameters: number;
  /** Whether the frozen trunk's outputs are computed once and kept. */
  readonly trunkCached: boolean;
  readonly score: ScoreInfo;
}

export type StopReason = "completed" | "early-stopped" | "stopped";

/** What a device can do that takes everything on it away. */
export type DeviceFailure = "lost" | "out-of-memory";

/** A run that had to go on elsewhere, by itself. */
export interface Recovery {
  /** `worker-ended`: the part of Graft that computes was ended by the browser, and started anew. */
  readonly because: DeviceFailure | "worker-ended";
  /** The last step that was heard of before, and the one that the run went on from. */
  readonly step: number;
  readonly from: number;
  /** Where it went on. */
  readonly backend: BackendName;
}

/** Where a run would go on if everything but storage were lost. */
export interface KeptRun {
  /** Ids of the project, and of the run in it. */
  readonly project: string;
  readonly run: number;
  /** Of the last checkpoint in storage; 0 where there is none. */
  readonly step: number;
}

export interface WrittenSample {
  readonly prompt: string;
  /** What the model wrote after it. */
  readonly text: string;
}

/** What a model that writes made of the run's fixed prompts, with the same chance every time. */
export interface EpochSamples {
  /** 0 is the model before its first step. */
  readonly epoch: number;
  readonly samples: readonly WrittenSample[];
}

export type RunEvent =
  | { readonly kind: "started"; readonly info: RunInfo }
  /** Before the first step and between epochs: computing the frozen trunk, evaluating. */
  | { readonly kind: "preparing"; readonly what: string; readonly done: number; readonly total: number }
  /** The device does not hold a whole batch: it is computed in parts, to the same step. */
  | { readonly kind: "batch-split"; readonly batchSize: number; readonly microBatchSize: number }
  /** The device could not be given the whole step at once, so that it waits for JavaScript: slower, and the same numbers. */
  | { readonly kind: "not-captured"; readonly because: string }
  /** At most ten times a second; every step since the last event. */
  | { readonly kind: "steps"; readonly points: readonly StepPoint[]; readonly examplesPerSecond: number; readonly secondsLeft: number }
  | { readonly kind: "epoch"; readonly point: EpochPoint }
  | ({ readonly kind: "samples" } & EpochSamples)
  | { readonly kind: "learning-rate-changed"; readonly step: number; readonly epoch: number; readonly learningRate: number }
  /** `because`: nobody asked for it; what to do before going on. */
  | { readonly kind: "paused"; readonly because?: ErrorSentence }
  | { readonly kind: "resumed" }
  /** The run goes on from its last checkpoint: this is what it had told until then, in place of all that was told. */
  | { readonly kind: "restored"; readonly events: readonly RunEvent[] }
  /** After `restored`: why. */
  | ({ readonly kind: "recovered" } & Recovery)
  /** When it begins or goes on, and with each checkpoint in storage. */
  | ({ readonly kind: "kept" } & KeptRun)
  /** The run goes on, and what it does since the last checkpoint cannot be kept. */
  | { readonly kind: "not-kept"; readonly error: ErrorSentence }
  | { readonly kind: "finished"; readonly reason: StopReason; readonly bestEpoch: number; readonly seconds: number }
  /** Stopped before the first step, of the run or since it was restored: there are no results, and a run that was restored can be so again. */
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly error: ErrorSentence };

export type RunCommand =
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  /** Ends the run after the current step and keeps the best weights so far. */
  | { readonly kind: "stop" }
  | { readonly kind: "set-learning-rate"; readonly learningRate: number };

export interface ClassMetrics {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Examples of this class. */
  readonly support: number;
}

export interface ClassificationMetrics {
  readonly loss: number;
  readonly accuracy: number;
  readonly f1Macro: number;
  readonly perClass: readonly ClassMetrics[];
  /** confusion[actual][predicted], in the order of the classes. */
  readonly confusion: readonly (readonly number[])[];
}

export interface Mistake {
  readonly item: number;
  readonly actual: string;
  readonly predicted: string;
  /** Probability that the model gave to what it predicted, and to the truth. */
  readonly confidence: number;
  readonly actualProbability: number;
}

/** Of a task that puts each example into one class. */
export interface SingleLabelResults {
  readonly kind: "single-label";
  /** The model before fine-tuning's first step: pre-trained trunk, fresh head. */
  readonly before: ClassificationMetrics;
  readonly after: ClassificationMetrics;
  /** Most confidently wrong first, at most 100. */
  readonly mistakes: readonly Mistake[];
  /** Of the tuned model: one class against the others. */
  readonly curves: readonly ClassCurves[];
  readonly calibration: Calibration;
  /** A bag of words, learned from the same training examples; only of texts. */
  readonly yardstick?: ClassificationMetrics;
}

export interface GenerationMetrics {
  /** Mean cross-entropy of a token, in nats. */
  readonly loss: number;
  /** e to the loss: among how many equally likely tokens the model hesitates. */
  readonly perplexity: number;
  /** The share of tokens that the model would have put first. */
  readonly tokenAccuracy: number;
  /** Counted tokens. */
  readonly tokens: number;
}

/** Of a task that writes. */
export interface GenerationResults {
  readonly kind: "generation";
  readonly before: GenerationMetrics;
  readonly after: GenerationMetrics;
}

export interface LabelMistake {
  readonly item: number;
  /** Labels that the example has and was not given, and those that it was given and has not. */
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
  /** The probability of the worst of them: of what was said to be so, or not to be so. */
  readonly confidence: number;
}

/** Of a task that gives each example any number of labels. */
export interface MultiLabelResults {
  readonly kind: "multi-label";
  readonly before: MultiLabelMetrics;
  readonly after: MultiLabelMetrics;
  /** Most labels wrong first, at most 100. */
  readonly mistakes: readonly LabelMistake[];
  readonly curves: readonly ClassCurves[];
  /** Of all probabilities, whatever their label. */
  readonly calibration: Calibration;
  readonly yardstick?: MultiLabelMetrics;
}

export interface PredictedNumber {
  readonly item: number;
  readonly actual: number;
  readonly predicted: number;
}

/** Of a task that gives each example a number. */
export interface RegressionResults {
  readonly kind: "regression";
  readonly before: RegressionMetrics;
  readonly after: RegressionMetrics;
  /** An even choice of the examples, at most 400. */
  readonly points: readonly PredictedNumber[];
  /** Furthest off first, at most 100. */
  readonly mistakes: readonly PredictedNumber[];
  readonly yardstick?: RegressionMetrics;
}

/** Of a task that answers. */
export type AnsweredSplit = SingleLabelResults | MultiLabelResults | RegressionResults;

export type SplitResults = AnsweredSplit | GenerationResults;

/** What storing a download's weights in eight bits does, measured on the validation examples. */
export interface Int8Report {
  readonly scoreBefore: number;
  readonly scoreAfter: number;
  /** Of all weights. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Formats that a download may hold beside its safetensors. */
export type ExportFormat = "tfjs" | "pytorch" | "onnx";

export interface ExportOptions {
  /** TensorFlow.js and, unless in eight bits, PyTorch source by default. */
  readonly formats?: readonly ExportFormat[];
  /** Kernels and tables in eight bits instead of 32; false by default. */
  readonly int8?: boolean;
  /** Only for a run with adapters: a small zip of them alone, as PEFT keeps them, and no other format; false by default. */
  readonly adapterOnly?: boolean;
}

export interface RunResults {
  readonly classes: readonly string[];
  readonly epochs: readonly EpochPoint[];
  readonly validation: SplitResults;
  readonly test?: SplitResults;
  readonly info: RunInfo;
  readonly reason: StopReason;
  readonly bestEpoch: number;
  readonly seconds: number;
  /** Of a task that writes: at every evaluation. */
  readonly samples?: readonly EpochSamples[];
  /** Of a model that can be asked as in a chat. */
  readonly chat?: ChatUse;
  /** Of the last download in eight bits, if there was one. */
  readonly int8?: Int8Report;
  /** Formats that the last download was to hold and could not, a sentence for each. */
  readonly leftOut?: readonly string[];
}

/** metrics.json, in the download and from the command line. */
export interface MetricsFile {
  readonly epochs: readonly Pick<EpochPoint, "epoch" | "trainLoss" | "validationLoss" | "validationScore" | "learningRate" | "seconds">[];
  readonly score: ScoreInfo;
  readonly validation: SplitResults["after"];
  readonly validationBefore: SplitResults["before"];
  readonly test?: SplitResults["after"];
  /** Of a bag of words, where there is one to compare with. */
  readonly validationYardstick?: AnsweredSplit["yardstick"];
  readonly testYardstick?: AnsweredSplit["yardstick"];
  readonly backend: BackendName;
  readonly adapter: string;
  readonly trainableParameters: number;
  readonly totalParameters: number;
  readonly seconds: number;
  /** Only where the weights beside it are in eight bits. */
  readonly int8?: Int8Report;
}

export interface ConfusionQuery {
  readonly split: Split;
  readonly actual: string;
  readonly predicted: string;
}

export interface ClassProbability {
  readonly name: string;
  readonly probability: number;
}

export type PredictionInput = { readonly kind: "image"; readonly blob: Blob } | { readonly kind: "text"; readonly text: string; readonly secondText?: string | undefined };

export type Answer =
  /** One of them is so; most probable first. */
  | { readonly kind: "classes"; readonly classes: readonly ClassProbability[] }
  /** Each for itself; most probable first. */
  | { readonly kind: "labels"; readonly labels: readonly ClassProbability[] }
  | { readonly kind: "number"; readonly name: string; readonly value: number };

export interface Prediction {
  readonly tuned: Answer;
  /** The model before fine-tuning; absent for an opened download. */
  readonly base?: Answer;
}

/** Which words of a text speak for an output. */
export interface ExplainRequest {
  readonly input: PredictionInput;
  /** Of the class, the label or the number. */
  readonly name: string;
}

export interface Explanation {
  readonly tuned: TextExplanation;
  /** The model before fine-tuning; absent for an opened download. */
  readonly base?: TextExplanation;
}

/** Of a task that writes. */
export interface GenerationRequest {
  readonly prompt: string;
  /** The prompt is a message in a chat, to be answered, instead of a text to go on from. */
  readonly asChat?: boolean | undefined;
  /** The model before or after fine-tuning. */
  readonly which: "tuned" | "base";
  readonly options: GenerationOptions;
}

export interface Generated {
  /** What follows the prompt, without it. */
  readonly text: string;
  readonly tokens: number;
  readonly reason: GenerationEnd;
  readonly tokensPerSecond: number;
}
