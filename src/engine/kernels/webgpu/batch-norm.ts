/**
 * Batch norm with its activation on WebGPU, forward and backward: trained in two dispatches each way, frozen in one. It sees
 * [..., channels] as rows of channels. What it means, and its oracle, is `batchNormComposed` in engine/ops/normalization.ts.
 */
import { tf, type Tensor } from "../../tf.ts";
import { emptyTensor, webgpuBackend } from "../../webgpu/internals.ts";
import { frozen, frozenGradient, parameterGradients, reduced, statistics, trained, trainedGradient, type Activation, type Sizes } from "./batch-norm-programs.ts";
import { laneOf, layoutOf, rowBlocksOf, type Lane, type Layout } from "./column-blocks.ts";

/** 16 lanes of a row side by side: 256 bytes where they are vectors. */
const BLOCK_LANES = 16;
/** Each invocation that maps values first combines all partials of its lane, so there are few of them. */
const MOST_PARTIALS = 32;
const MOST_BLOCKS = 65535;

interface Plan {
  readonly lane: Lane;
  readonly channels: number;
  readonly layout: Layout;
  /** Of the dispatch that sums. */
  readonly reduce: { readonly sizes: Sizes; readonly rowBlocks: number };
  /** Of the dispatch that maps each value. */
  readonly map: { readonly sizes: Sizes; readonly rowBlocks: number };
}

function planFor(x: Tensor): Plan {
  const channels = x.shape[x.rank - 1] as number;
  const layout = layoutOf(x.size / channels, channels, BLOCK_LANES);
  const { rows, lanes, blockLanes, rowLanes } = layout;
  const pass = (rowsEach: number, most: number): Plan["map"] => {
    const { rowBlocks, blockRows } = rowBlocksOf(layout, rowsEach, most);
    return { sizes: { rows, lanes, blockLanes, blockRows }, rowBlocks };
  };
  // The rows that an invocation sums, and the partials that it combines later, grow alike.
  const reduce = pass(1, Math.min(MOST_PARTIALS, Math.round(Math.sqrt(rows / rowLanes / 4))));
  return { lane: laneOf(channels), channels, layout, reduce, map: pass(Math.max(4, 2 * reduce.rowBlocks), MOST_BLOCKS) };
}

export interface BatchNormInputs {
  /** [..., channels] */
  readonly x: Tensor;
  /** This and the next three: [channels]. */
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

export interface BatchNormResult {
  readonly y: Tensor;
  /** [4, channels]: mean, inverse deviation, gamma and beta as the backward pass wants them. */
  readonly scales: Tensor;
}

/** Normalises by the batch's statistics. With `updates` it writes the new running ones into `mean` and `variance`. */
export function batchNormByBatch(
  { x, gamma, beta, mean, variance }: BatchNormInputs,
  { epsilon, momentum, activation = "none", updates }: { readonly epsilon: number; readonly momentum: number; readonly activation: Activation | undefined; readonly updates: boolean },
): BatchNormResult {
  const { lane, channels, layout, reduce, map } = planFor(x);
  const { partials } = statistics(lane).run({ inputs: { x }, outputs: { partials: [reduce.rowBlocks, 2, channels] }, uniforms: reduce.sizes, workgroups: [layout.columnBlocks, reduce.rowBlocks, 1] });
  const result = trained(lane, activation, updates).run({
    inputs: { x, partials, gamma, beta },
    ...(updates ? { inPlace: { runningMean: mean, runningVariance: variance } } : {}),
    outputs: { y: x.shape, scales: [4, channels] },
    uniforms: { ...map.sizes, partials: reduce.rowBlocks, partialRows: reduce.sizes.blockRows, epsilon, momentum, share: 1 - momentum },
    workgroups: [layout.columnBlocks, map.rowBlocks, 1],
  });
  partials.dispose();
  return result;
}

/** Normalises by the running statistics, which it only reads. */
export function batchNormByRunning({ x, gamma, beta, mean, variance }: BatchNormInputs, { epsilon, activation = "none" }: { readonly epsilon: number; readonly activation: Activation | undefined }): BatchNormResult {
  const { lane, channels, layout, map } = planFor(x);
  return frozen(lane, activation).run({
    inputs: { x, gamma, beta, runningMean: mean, runningVariance: variance },
    outputs: { y: x.shape, scales: [4, channels] },
    uniforms: { ...map.sizes, epsilon },
    workgroups: [layout.columnBlocks, map.rowBlocks, 1],
  });
}

/**
 * The gradients on demand, each a new tensor of the current tidy. Call it in a tidy around those of the thunks: what one of
 * them finds out for the others lives there.
 */
export function batchNormGradients(
  { x, dy, scales }: { readonly x: Tensor; readonly dy: Tensor; readonly scales: Tensor },
  { activation = "none", isTrained }: { readonly activation: Activation | undefined; readonly isTrained: boolean },
): Readonly<Record<"x" | "gamma" | "beta", () => Tensor>> {
  const { lane, channels, layout, reduce, map } = planFor(x);
  const { lanes, columnBlocks } = layout;
  const backend = webgpuBackend();
  const inPlace = { dGamma: emptyTensor(backend, [channels], "float32"), dBeta: emptyTensor(backend, [channels], "float32") };
  let haveParameters = false;

  const sums = (): Tensor =>
    reduced(lane, activation).run({ inputs: { x, dy, scales }, outputs: { partials: [reduce.rowBlocks, 2, channels] }, uniforms: reduce.sizes, workgroups: [columnBlocks, reduce.rowBlocks, 1] }).partials;

  const parameter = (gradient: Tensor): Tensor => {
    if (!haveParameters) tf.tidy(() => void parameterGradients(lane).run({ inputs: { partials: sums() }, inPlace, outputs: {}, uniforms: { lanes, partials: reduce.rowBlocks }, workgroups: [Math.ceil(lanes / 64), 1, 1] }));
    haveParameters = true;
    return gradient.clone();
  };

  const workgroups = [columnBlocks, map.rowBlocks, 1] as const;
  return {
    x: () => {
      if (!isTrained) return frozenGradient(lane, activation).run({ inputs: { x, dy, scales }, outputs: { dx: x.shape }, uniforms: map.sizes, workgroups }).dx;
      haveParameters = true;
      return tf.tidy(
        () => trainedGradient(lane, activation).run({ inputs: { x, dy, scales, partials: sums() }, inPlace, outputs: { dx: x.shape }, uniforms: { ...map.sizes, partials: reduce.rowBlocks }, workgroups }).dx,
      );
    },
    gamma: () => parameter(inPlace.dGamma),
    beta: () => parameter(inPlace.dBeta),
  };
}
