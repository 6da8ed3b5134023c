/**
 * The same models in plain TensorFlow.js, written as its users write them: MobileNetV2 of tf.layers, the transformer of tf ops. None
 * of Graft's kernels are registered here. It starts from the same weights and takes the same batches.
 */
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import type { BackendName } from "../src/core/backends.ts";
import type { GraphNode } from "../src/graph/types.ts";
import type { ReferenceProblem } from "../src/models/testing/reference-problems.ts";
import type { ModelName, StepEngine } from "./engine.ts";

interface PlainModel {
  readonly variables: tf.Variable[];
  /** -> logits [batch, classes], in training mode. */
  readonly forward: (x: tf.Tensor) => tf.Tensor;
}

/** The graph is only read for its sizes and weights: every layer is one of tf.layers. */
function mobilenetV2({ graph, weights }: ReferenceProblem): PlainModel {
  const [input] = graph.inputs;
  const made = new Map<string, tf.SymbolicTensor>([[input?.name as string, tf.input({ shape: input?.shape.slice(1) })]]);
  const loads: (readonly [tf.layers.Layer, readonly string[]])[] = [];
  const layerName = (node: GraphNode): string => node.name.replaceAll("/", "_");

  const layerOf = (node: GraphNode): tf.layers.Layer | null => {
    const name = layerName(node);
    const kernel = graph.parameters.find((parameter) => parameter.name === node.inputs[1])?.shape ?? [];
    switch (node.op) {
      case "conv2d":
        return tf.layers.conv2d({ name, filters: kernel[3] as number, kernelSize: kernel[0] as number, strides: node.attributes.strides[0], padding: "same", useBias: false });
      case "depthwiseConv2d":
        return tf.layers.depthwiseConv2d({ name, kernelSize: kernel[0] as number, strides: node.attributes.strides[0], padding: "same", useBias: false });
      case "batchNorm":
        return tf.layers.batchNormalization({ name, epsilon: node.attributes.epsilon, momentum: node.attributes.momentum });
      case "relu6":
        return tf.layers.reLU({ name, maxValue: 6 });
      case "mean":
        return tf.layers.globalAveragePooling2d({ name });
      case "matMul":
        return tf.layers.dense({ name, units: kernel[1] as number });
      case "add":
        return node.name === "classifier/logits" ? null : tf.layers.add({ name });
      default:
        throw new Error(`MobileNetV2 has no ${node.op}.`);
    }
  };
  for (const node of graph.nodes) {
    const layer = layerOf(node);
    // The classifier's bias belongs to the dense layer.
    if (layer === null) {
      made.set(node.name, made.get(node.inputs[0] as string) as tf.SymbolicTensor);
      continue;
    }
    const inputs = node.inputs.flatMap((name) => made.get(name) ?? []);
    made.set(node.name, layer.apply(inputs.length === 1 ? (inputs[0] as tf.SymbolicTensor) : inputs) as tf.SymbolicTensor);
    const own = node.op === "matMul" ? ["classifier/kernel", "classifier/bias"] : node.inputs.filter((name) => weights.has(name));
    if (own.length > 0) loads.push([layer, own]);
  }
  const model = tf.model({ inputs: made.get(input?.name as string) as tf.SymbolicTensor, outputs: made.get(graph.outputs[0] as string) as tf.SymbolicTensor });
  for (const [layer, names] of loads) {
    tf.tidy(() => layer.setWeights(names.map((name) => tf.tensor(weights.get(name) as Float32Array, [...(graph.parameters.find((parameter) => parameter.name === name)?.shape ?? [])]))));
  }
  // Its moving averages are variables of their own, which no gradient reaches.
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  return { variables, forward: (x) => model.apply(x, { training: true }) as tf.Tensor };
}

/** Queries, keys and values by a product each, as most people write it: the family's one product, cut in three. */
function transformer({ graph, weights }: ReferenceProblem): PlainModel {
  const variables = new Map<string, tf.Variable>();
  for (const { name, shape } of graph.parameters) {
    const values = tf.tensor(weights.get(name) as Float32Array, [...shape]);
    if (!name.includes("/qkv/")) variables.set(name, tf.variable(values));
    else for (const [i, part] of tf.split(values, 3, -1).entries()) variables.set(name.replace("/qkv/", `/${["query", "key", "value"][i]}/`), tf.variable(part));
  }
  const variable = (name: string): tf.Variable => variables.get(name) as tf.Variable;
  const [, width] = variable("embedding/tokens/table").shape as [number, number];
  const node = <Op extends GraphNode["op"]>(op: Op): Extract<GraphNode, { op: Op }> => graph.nodes.find((candidate) => candidate.op === op) as Extract<GraphNode, { op: Op }>;
  const { heads, scale } = node("attention").attributes;
  const { epsilon } = node("layerNorm").attributes;
  const layers = graph.nodes.filter(({ op }) => op === "attention").length;

  const dense = (path: string, x: tf.Tensor): tf.Tensor => {
    const kernel = variable(`${path}/kernel`);
    const rows = x.reshape([-1, kernel.shape[0]]);
    return rows.matMul(kernel).add(variable(`${path}/bias`)).reshape([...x.shape.slice(0, -1), kernel.shape[1] as number]);
  };
  const layerNorm = (path: string, x: tf.Tensor): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    return x.sub(mean).div(variance.add(epsilon).sqrt()).mul(variable(`${path}/gamma`)).add(variable(`${path}/beta`));
  };
  const gelu = (x: tf.Tensor): tf.Tensor => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
  const attention = (path: string, x: tf.Tensor): tf.Tensor => {
    const [batch, tokens] = x.shape as [number, number];
    const split = (name: string): tf.Tensor => dense(`${path}/${name}`, x).reshape([batch, tokens, heads, width / heads]).transpose([0, 2, 1, 3]);
    const scores = tf.matMul(split("query"), split("key"), false, true).mul(scale);
    const mixed = tf.matMul(tf.softmax(scores), split("value"));
    return dense(`${path}/output`, mixed.transpose([0, 2, 1, 3]).reshape([batch, tokens, width]));
  };
  const forward = (ids: tf.Tensor): tf.Tensor => {
    let x = tf.gather(variable("embedding/tokens/table"), ids).add(variable("embedding/positions/table"));
    for (let layer = 0; layer < layers; layer++) {
      const path = `encoder/layer_${layer}`;
      x = x.add(attention(`${path}/attention`, layerNorm(`${path}/attention/norm`, x)));
      const inner = gelu(dense(`${path}/feed_forward/inner`, layerNorm(`${path}/feed_forward/norm`, x)));
      x = x.add(dense(`${path}/feed_forward/outer`, inner));
    }
    return dense("classifier", layerNorm("pooler/norm", x).mean(1));
  };
  return { variables: [...variables.values()], forward };
}

export async function startPlain(name: ModelName, problem: ReferenceProblem, backend: BackendName, wasmPath: string, mark: (phase: string) => void): Promise<StepEngine> {
  setWasmPaths(wasmPath);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js did not start its backend ${backend}.`);
  await tf.ready();
  const { variables, forward } = name === "mobilenet-v2" ? mobilenetV2(problem) : transformer(problem);
  const optimizer = tf.train.adam(problem.learningRate, 0.9, 0.999, 1e-8);
  return {
    adapter: backend,
    variables: variables.length,
    step({ input, labels }) {
      mark("gradients");
      const x = input.data instanceof Int32Array ? tf.tensor(input.data, input.shape, "int32") : tf.tensor(input.data, input.shape);
      const targets = tf.tensor1d(labels, "int32");
      // What optimizer.minimize does, in its two halves.
      const { value, grads } = optimizer.computeGradients(() => tf.losses.softmaxCrossEntropy(tf.oneHot(targets, problem.classes), forward(x)), variables);
      mark("optimizer");
      optimizer.applyGradients(grads as Record<string, tf.Variable>);
      mark("");
      tf.dispose([grads, x, targets]);
      return async () => {
        const [loss] = await value.data();
        value.dispose();
        return loss as number;
      };
    },
  };
}
