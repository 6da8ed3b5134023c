/**
 * Which tokens a model's output is due to: integrated gradients (Sundararajan et al., 2017) along the straight line from a baseline to
 * the text, in the space of the tokens' embeddings. The baseline is theirs, the zero vector, which every family has and which no token is.
 * Tokens that do not move (marks, padding) keep their embedding all along and are due nothing, and masks and positions are the text's.
 */
import { CancelledError } from "../../core/errors.ts";
import { embeddingsAsInput } from "../../graph/surgery/embeddings-as-input.ts";
import { execute } from "../execute.ts";
import type { GraphModule } from "../module.ts";
import { variableGradients } from "../tape.ts";
import { tf, type Tensor } from "../tf.ts";

export interface AttributionOptions {
  /** The input of token ids. */
  readonly inputName: string;
  /** The model's first output [rows, …] -> [rows]: what is explained. */
  readonly outputOf: (outputs: Tensor) => Tensor;
  /** Whether the token at this place comes from the text. */
  readonly moves: (place: number) => boolean;
  /** Points on the line at first, a multiple of `rowsAtOnce`; doubled while their sum is not what it has to be, up to `maximumSteps`. */
  readonly steps?: number;
  readonly maximumSteps?: number;
  readonly rowsAtOnce?: number;
  readonly signal?: AbortSignal;
}

export interface Attribution {
  /** [tokens]: they add up to `output - baseline`, but for what the steps leave. */
  readonly scores: Float32Array;
  readonly output: number;
  readonly baseline: number;
  readonly steps: number;
}

/** What the sum may miss, of the difference between output and baseline. */
const incompleteness = 0.02;

/**
 * In inference mode: no dropout, stored statistics. The module is as it was, and every tensor is disposed, cancelled or not.
 * @param ids one text's, padding included
 * @throws CancelledError
 */
export async function integratedGradients(module: GraphModule, ids: Int32Array, options: AttributionOptions): Promise<Attribution> {
  const { inputName, outputOf, moves, steps = 32, maximumSteps = 256, rowsAtOnce = 8, signal } = options;
  const { graph, embeddings, table } = embeddingsAsInput(module.graph, inputName);
  const parameters = module.parameterTensors();
  const moving = Array.from(ids, (_, place) => moves(place));
  const embedded = tf.tidy(() => tf.gather(parameters.get(table) as Tensor, tf.tensor1d(ids, "int32")));

  /** Rows on the line [shares, tokens, width]: 0 is the baseline, 1 the text. */
  const line = (shares: readonly number[]): Tensor => tf.mul(embedded, tf.tensor3d(shares.flatMap((share) => moving.map((moved) => (moved ? share : 1))), [shares.length, ids.length, 1]));
  const outputs = (rows: Tensor): Tensor => {
    const [count] = rows.shape as [number];
    const values = new Map<string, Tensor>([...parameters, [embeddings, rows], [inputName, tf.tile(tf.tensor2d(ids, [1, ids.length], "int32"), [count, 1])]]);
    return outputOf(execute(graph, values).get(graph.outputs[0] as string) as Tensor);
  };

  /** What the tokens are due at these places of the line, added up. */
  const due = (shares: readonly number[]): Tensor => {
    const rows = tf.tidy(() => tf.variable(line(shares)));
    try {
      const { value, grads } = variableGradients(() => tf.sum<tf.Scalar>(outputs(rows)), [rows]);
      const gradient = grads[rows.name];
      const result = tf.tidy(() => (gradient ? tf.sum(tf.mul(gradient, embedded), [0, 2]) : tf.zeros([ids.length])));
      tf.dispose([value, ...Object.values(grads)]);
      return result;
    } finally {
      rows.dispose();
    }
  };

  try {
    const [baseline, output] = (await read(tf.tidy(() => outputs(line([0, 1]))))) as unknown as [number, number];
    if (!moving.includes(true)) return { scores: new Float32Array(ids.length), output, baseline, steps: 0 };
    for (let count = steps; ; count *= 2) {
      const sums = new Float64Array(ids.length);
      for (let start = 0; start < count; start += rowsAtOnce) {
        await breathe(signal);
        // The middle of each step.
        const part = await read(due(Array.from({ length: rowsAtOnce }, (_, i) => (start + i + 0.5) / count)));
        part.forEach((score, place) => (sums[place]! += moving[place] ? score / count : 0));
      }
      const missing = Math.abs(sums.reduce((sum, score) => sum + score, 0) - (output - baseline));
      // Not `>`: of a model that has diverged, nothing is a number.
      if (!(missing > incompleteness * Math.abs(output - baseline)) || 2 * count > maximumSteps) return { scores: Float32Array.from(sums), output, baseline, steps: count };
    }
  } finally {
    embedded.dispose();
  }
}

/** Consumes the tensor. */
async function read(tensor: Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}

/** Lets a cancellation in. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  if (signal?.aborted) throw new CancelledError();
}
