/**
 * A model on the backend, cut at the frontier of what is trained: the frozen trunk as constants, the tail with its
 * trained parameters as variables. It gives values, gradients and snapshots; it does not know what is being learned.
 */
import { splitAtCut } from "../graph/cut.ts";
import { segmentsOf, type Segment } from "../graph/segments.ts";
import { fuseActivations } from "../graph/surgery/fuse-activations.ts";
import type { Graph, GraphNode, Model, Parameter, WeightValues, Weights } from "../graph/types.ts";
import { execute, type ExecuteOptions } from "./execute.ts";
import type { StepSeed } from "./ops/types.ts";
import { recomputed, variableGradients } from "./tape.ts";
import { tf, type Tensor } from "./tf.ts";
import { FlatTensors } from "./webgpu/flat.ts";
import { flush, webgpuBackend } from "./webgpu/internals.ts";

/** Tensors at the cut by name, or at the model's inputs where nothing is frozen. */
export type Activations = ReadonlyMap<string, Tensor>;

export interface StepGradients {
  readonly loss: Tensor;
  /** What `lossOf` returned beside the loss (logits, say). */
  readonly output: Tensor;
  readonly gradients: Map<string, Tensor>;
}

export function toTensor(parameter: Parameter, values: WeightValues): Tensor {
  return tf.tensor(values, [...parameter.shape], parameter.dtype);
}

export interface ModuleOptions {
  /** Keep only a few of the tail's values for the backward pass, and compute the others a second time: the same gradients. */
  readonly recompute?: boolean;
}

export class GraphModule {
  readonly graph: Graph;
  readonly trunk: Graph;
  readonly tail: Graph;
  /** What is executed: the same values at the cut and at the outputs in fewer nodes. */
  private readonly fused: { readonly trunk: Graph; readonly tail: Graph };
  /** Trained weights: what an optimizer steps. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** Statistics of trained batch norms: updated by the forward pass. */
  private readonly statistics: ReadonlyMap<string, tf.Variable>;
  private readonly constants: ReadonlyMap<string, Tensor>;
  /** On WebGPU, what may change has a fixed place: all variables in one buffer, all statistics in another. */
  readonly flatVariables: FlatTensors | null;
  private readonly flatStatistics: FlatTensors | null;
  /** Of the tail: one, or those whose values are computed again. */
  private readonly segments: readonly Segment[];
  private readonly initial: Weights;

  /** @param trainable names of the weights and statistics that may change; everything else is bit-identical for ever. */
  constructor(model: Model, trainable: ReadonlySet<string>, { recompute = false }: ModuleOptions = {}) {
    const { trunk, tail } = splitAtCut(model.graph, trainable);
    this.graph = model.graph;
    this.trunk = trunk;
    this.tail = tail;
    this.fused = { trunk: fuseActivations(trunk), tail: fuseActivations(tail) };
    this.segments = recompute ? segmentsOf(this.fused.tail) : [this.fused.tail];
    this.initial = model.weights;
    const used = new Set([...trunk.parameters, ...tail.parameters].map((parameter) => parameter.name));
    const parameters = model.graph.parameters.filter(({ name }) => used.has(name));
    const valuesOf = (name: string): WeightValues => {
      const values = model.weights.get(name);
      if (values === undefined) throw new Error(`No weights for parameter "${name}".`);
      return values;
    };
    const trained = parameters.filter(({ name }) => trainable.has(name));
    const [weights, statistics] = [trained.filter(({ role }) => role === "weight"), trained.filter(({ role }) => role !== "weight")];
    this.constants = new Map(parameters.filter(({ name }) => !trainable.has(name)).map((parameter) => [parameter.name, toTensor(parameter, valuesOf(parameter.name))]));
    const isFlat = tf.getBackend() === "webgpu";
    this.flatVariables = isFlat ? new FlatTensors("parameters", weights) : null;
    this.flatStatistics = isFlat ? new FlatTensors("statistics", statistics) : null;
    const variableOf = (parameter: Parameter, flat: FlatTensors | null): tf.Variable => {
      const values = valuesOf(parameter.name);
      flat?.write(parameter.name, values);
      return tf.tidy(() => tf.variable(flat?.get(parameter.name) ?? toTensor(parameter, values), parameter.role === "weight"));
    };
    this.variables = new Map(weights.map((parameter) => [parameter.name, variableOf(parameter, this.flatVariables)]));
    this.statistics = new Map(statistics.map((parameter) => [parameter.name, variableOf(parameter, this.flatStatistics)]));
  }

  /**
   * The tensors of every parameter of `graph`, as they are now and for reading alone: for other graphs over the same parameters. They
   * stay the module's, and change as it is trained.
   */
  parameterTensors(): ReadonlyMap<string, Tensor> {
    return new Map<string, Tensor>([...this.constants, ...this.variables, ...this.statistics]);
  }

  /** Inputs -> the values at the cut, in inference mode: dropout off, stored statistics. The caller owns both. */
  runTrunk(inputs: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
    return tidyMap(() => execute(this.fused.trunk, new Map([...this.constants, ...inputs]), { release: true }));
  }

  /** Values at the cut -> the model's first output, in inference mode. */
  runTail(activations: Activations): Tensor {
    return tf.tidy(() => this.firstOutput(execute(this.fused.tail, this.tailValues(activations), { release: true })));
  }

  /**
   * One forward and backward pass of the tail.
   * @param lossOf the model's output -> a scalar loss; runs under the tape.
   * @param seed another for each step: what its dropouts drop.
   */
  gradients(activations: Activations, lossOf: (output: Tensor) => tf.Scalar, seed: StepSeed): StepGradients {
    const updates: { node: GraphNode; mean: Tensor; variance: Tensor }[] = [];
    let output: Tensor | undefined;
    const { value, grads } = variableGradients(
      () => {
        const outputs = this.runForGradients(activations, {
          // A frozen batch norm keeps its stored statistics even between layers that learn.
          isTraining: (node) => node.op !== "batchNorm" || this.statistics.has(node.inputs[3] as string),
          seed,
          onStatistics: (node, mean, variance) => updates.push({ node, mean: tf.keep(mean), variance: tf.keep(variance) }),
          // What a gradient needs, the tape keeps a clone of.
          release: true,
        });
        const first = this.firstOutput(outputs);
        output = tf.keep(first.clone());
        return lossOf(first);
      },
      [...this.variables.values()],
    );
    for (const { node, mean, variance } of updates) this.applyStatistics(node, mean, variance);
    const gradients = new Map<string, Tensor>();
    for (const [name, variable] of this.variables) {
      const gradient = grads[variable.name];
      if (gradient) gradients.set(name, gradient);
    }
    return { loss: value, output: output as Tensor, gradients };
  }

  /** Copies of everything that training may change, on the host: they outlive the device. */
  async snapshot(): Promise<Weights> {
    const { flatVariables, flatStatistics } = this;
    return flatVariables && flatStatistics ? new Map([...(await flatVariables.read()), ...(await flatStatistics.read())]) : read(this.trained());
  }

  /** Of what a forward pass alone changes: the statistics of trained batch norms. */
  snapshotStatistics(): Promise<Weights> {
    return read(this.statistics);
  }

  /** How many values each parameter has that training may change. */
  get trainedSizes(): ReadonlyMap<string, number> {
    return new Map([...this.trained()].map(([name, { size }]) => [name, size]));
  }

  /** Sets what training may change; names that are not among it are left out. */
  restore(snapshot: Weights): void {
    if (this.flatVariables) flush(webgpuBackend());
    for (const [name, variable] of this.trained()) {
      const values = snapshot.get(name);
      if (values === undefined) continue;
      const flat = this.variables.has(name) ? this.flatVariables : this.flatStatistics;
      if (flat) flat.write(name, values);
      else tf.tidy(() => variable.assign(tf.tensor(values, variable.shape, variable.dtype)));
    }
  }

  /** All weights as they are now: frozen ones are the very arrays that the model came with. */
  async weights(): Promise<Weights> {
    const trained = this.trained();
    const result = new Map<string, WeightValues>();
    for (const parameter of this.graph.parameters) {
      const variable = trained.get(parameter.name);
      const values = variable ? ((await variable.data()) as WeightValues).slice() : this.initial.get(parameter.name);
      if (values) result.set(parameter.name, values);
    }
    return result;
  }

  /** Reads a frozen parameter back from the backend, for the test that frozen means frozen. */
  async readFrozen(name: string): Promise<WeightValues | undefined> {
    return (await this.constants.get(name)?.data()) as WeightValues | undefined;
  }

  dispose(): void {
    for (const tensor of [...this.variables.values(), ...this.statistics.values(), ...this.constants.values()]) tensor.dispose();
    this.flatVariables?.dispose();
    this.flatStatistics?.dispose();
  }

  private trained(): Map<string, tf.Variable> {
    return new Map([...this.variables, ...this.statistics]);
  }

  private tailValues(activations: Activations): Map<string, Tensor> {
    return new Map<string, Tensor>([...this.parameterTensors(), ...activations]);
  }

  /** The tail under the tape; where activations are not kept, segment by segment. */
  private runForGradients(activations: Activations, options: ExecuteOptions): Map<string, Tensor> {
    const values = this.tailValues(activations);
    const last = this.segments.at(-1) as Segment;
    let handedOver: string | null = null;
    for (const segment of this.segments.slice(0, -1)) {
      const computed = new Set(segment.nodes.map(({ name }) => name));
      const read = [...new Set(segment.nodes.flatMap(({ inputs }) => inputs))].filter((name) => !computed.has(name));
      const inputs = Object.fromEntries(read.map((name) => [name, values.get(name) as Tensor]));
      const wanted = new Set(read.filter((name) => this.variables.has(name) || name === handedOver));
      const [output] = segment.outputs as [string];
      const value = recomputed(inputs, wanted, (tensors, again) => {
        // The second pass is the first one over again: it moves no statistics.
        const once: ExecuteOptions = again ? { ...options, statistics: "keep", onStatistics: undefined } : options;
        return execute(segment, new Map(Object.entries(tensors)), once).get(output) as Tensor;
      });
      values.set(output, value);
      handedOver = output;
    }
    return execute(last, values, options);
  }

  private firstOutput(outputs: ReadonlyMap<string, Tensor>): Tensor {
    return outputs.get(this.tail.outputs[0] as string) as Tensor;
  }

  private applyStatistics({ inputs }: GraphNode, mean: Tensor, variance: Tensor): void {
    // batchNorm's inputs are x, gamma, beta, mean, variance.
    this.statistics.get(inputs[3] ?? "")?.assign(mean);
    this.statistics.get(inputs[4] ?? "")?.assign(variance);
    mean.dispose();
    variance.dispose();
  }
}

async function read(variables: ReadonlyMap<string, tf.Variable>): Promise<Weights> {
  const values = await Promise.all([...variables.values()].map((variable) => variable.data()));
  return new Map([...variables.keys()].map((name, i) => [name, (values[i] as WeightValues).slice()]));
}

/** tf.tidy for a map of tensors. */
function tidyMap(run: () => Map<string, Tensor>): Map<string, Tensor> {
  const names: string[] = [];
  const tensors = tf.tidy(() => {
    const outputs = run();
    names.push(...outputs.keys());
    return [...outputs.values()];
  });
  return new Map(names.map((name, i) => [name, tensors[i] as Tensor]));
}
