/**
 * The same transformer in jax-js, written as its documentation does: one jitted function takes parameters and a batch to the loss and
 * the next parameters. Its companion package with optimizers is not published, so Adam is spelt out, inside the function.
 */
import { defaultDevice, getWebGPUDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import type { BackendName } from "../src/core/backends.ts";
import type { GraphNode } from "../src/graph/types.ts";
import type { ReferenceProblem } from "../src/models/testing/reference-problems.ts";
import type { StepEngine } from "./engine.ts";

type Tree = Record<string, np.Array>;

/** jax-js counts references: every use but the last of an array is of its `ref`. */
function lossFunction({ graph, classes }: ReferenceProblem): (parameters: Tree, ids: np.Array, labels: np.Array) => np.Array {
  const node = <Op extends GraphNode["op"]>(op: Op): Extract<GraphNode, { op: Op }> => graph.nodes.find((candidate) => candidate.op === op) as Extract<GraphNode, { op: Op }>;
  const { heads } = node("attention").attributes;
  const { epsilon } = node("layerNorm").attributes;
  const layers = graph.nodes.filter(({ op }) => op === "attention").length;

  return (parameters, ids, labels) => {
    const p = (name: string): np.Array => (parameters[name] as np.Array).ref;
    const dense = (path: string, x: np.Array): np.Array => np.matmul(x, p(`${path}/kernel`)).add(p(`${path}/bias`));
    const layerNorm = (path: string, x: np.Array): np.Array => nn.standardize(x, -1, { epsilon }).mul(p(`${path}/gamma`)).add(p(`${path}/beta`));
    const attention = (path: string, x: np.Array): np.Array => {
      const [batch, tokens, width] = x.shape as [number, number, number];
      const [query, key, value] = np.split(dense(`${path}/qkv`, x), 3, -1).map((part) => part.reshape([batch, tokens, heads, width / heads])) as [np.Array, np.Array, np.Array];
      return dense(`${path}/output`, nn.dotProductAttention(query, key, value).reshape([batch, tokens, width]));
    };
    let x = np.take(p("embedding/tokens/table"), ids, 0).add(p("embedding/positions/table"));
    for (let layer = 0; layer < layers; layer++) {
      const path = `encoder/layer_${layer}`;
      x = x.ref.add(attention(`${path}/attention`, layerNorm(`${path}/attention/norm`, x)));
      const inner = nn.gelu(dense(`${path}/feed_forward/inner`, layerNorm(`${path}/feed_forward/norm`, x.ref)), { approximate: false });
      x = x.add(dense(`${path}/feed_forward/outer`, inner));
    }
    const logits = dense("classifier", layerNorm("pooler/norm", x).mean(1));
    for (const array of Object.values(parameters)) array.dispose();
    const batch = logits.shape[0] as number;
    return nn.logSoftmax(logits, -1).mul(nn.oneHot(labels, classes)).sum().mul(-1 / batch);
  };
}

export async function startJax(problem: ReferenceProblem, backend: BackendName, mark: (phase: string) => void): Promise<StepEngine> {
  if (backend === "cpu") throw new Error("jax-js is measured on webgpu and wasm.");
  const devices = await init(backend);
  if (!devices.includes(backend)) throw new Error(`jax-js did not start its backend ${backend}: it has ${devices.join(", ")}.`);
  defaultDevice(backend);

  const { graph, weights, learningRate } = problem;
  const lossOf = lossFunction(problem);
  const names = graph.parameters.map(({ name }) => name);
  const tree = (make: (name: string, shape: number[]) => np.Array): Tree => Object.fromEntries(graph.parameters.map(({ name, shape }) => [name, make(name, [...shape])]));

  /** `first` and `second`: 1 - 0.9^t and 1 - 0.999^t at step t. */
  const step = jit((parameters: Tree, means: Tree, squares: Tree, ids: np.Array, labels: np.Array, first: np.Array, second: np.Array) => {
    const [loss, gradients] = valueAndGrad(lossOf)(
      Object.fromEntries(names.map((name) => [name, (parameters[name] as np.Array).ref])),
      ids,
      labels,
    ) as [np.Array, Tree];
    const nextMeans: Tree = {};
    const nextSquares: Tree = {};
    const next: Tree = {};
    for (const name of names) {
      const gradient = gradients[name] as np.Array;
      const mean = (means[name] as np.Array).mul(0.9).add(gradient.ref.mul(0.1));
      const square = (squares[name] as np.Array).mul(0.999).add(np.square(gradient).mul(0.001));
      const deviation = np.sqrt(square.ref.div(second.ref)).add(1e-8);
      next[name] = (parameters[name] as np.Array).sub(mean.ref.div(first.ref).mul(learningRate).div(deviation));
      nextMeans[name] = mean;
      nextSquares[name] = square;
    }
    first.dispose();
    second.dispose();
    return { loss, next, means: nextMeans, squares: nextSquares };
  });

  let parameters = tree((name, shape) => np.array(weights.get(name)).reshape(shape));
  let means = tree((_, shape) => np.zeros(shape));
  let squares = tree((_, shape) => np.zeros(shape));
  let count = 0;
  const info = backend === "webgpu" ? getWebGPUDevice().adapterInfo : null;
  return {
    adapter: info ? [info.vendor, info.architecture].join(" ") : backend,
    variables: names.length,
    step({ input, labels }) {
      mark("gradients and optimizer");
      count++;
      const ids = np.array(input.data, { dtype: np.int32 }).reshape(input.shape);
      const targets = np.array(labels, { dtype: np.int32 });
      const result = step(parameters, means, squares, ids, targets, np.array(1 - 0.9 ** count), np.array(1 - 0.999 ** count));
      ({ next: parameters, means, squares } = result);
      // It issues its work when a value is asked for; asked here, that counts as the step's JavaScript, as it does elsewhere.
      if (backend === "webgpu") result.loss.ref.gpuBufferSync();
      mark("");
      return async () => ((await result.loss.data()) as ArrayLike<number>)[0] as number;
    },
  };
}
