/**
 * A step on WebGPU: everything that lives from step to step has a fixed place on the device, so that the work between is
 * captured and replayed. Each shape of a micro-batch is captured by itself; adding up and updating are two more captures.
 */
import { accumulate, blockGrid, normAndScale, updateKernel, type UpdateKernel } from "../kernels/webgpu/flat-step.ts";
import type { GraphModule } from "../module.ts";
import { decayOf, slotKey, updateRule, type OptimizerState } from "../optimizers/index.ts";
import type { UpdateRule } from "../optimizers/rule.ts";
import { tf, type Tensor } from "../tf.ts";
import { CapturedFunction, type CaptureState } from "../webgpu/capture.ts";
import { orDeviceError } from "../webgpu/device-errors.ts";
import { BLOCK_BYTES, FlatTensors } from "../webgpu/flat.ts";
import { copyToBuffer, copyOnDevice, flush, hostValues, readRange, webgpuBackend, type WebgpuBackend } from "../webgpu/internals.ts";
import { Workspace } from "../webgpu/replay.ts";
import type { MicroBatch, StepFigures, StepMode, StepObjective, StepSettings, TrainingStep } from "./training-step.ts";

/** Steps whose figures wait on the device before they have to be read. */
const FIGURES_KEPT = 4096;
const FIGURE_BYTES = 16;

/** A shape of micro-batches: where they are put, and what is done with them. */
interface ShapeCapture {
  readonly inputs: FlatTensors;
  readonly names: readonly string[];
  readonly captured: CapturedFunction;
}

/** What changes from step to step, other than the batch: under 4 KB in all. */
type Control = "rates" | "scalars" | "micro" | "seed";

const TARGETS = "targets";

export class CapturedStep implements TrainingStep {
  private readonly backend: WebgpuBackend = webgpuBackend();
  private readonly module: GraphModule;
  private readonly objective: StepObjective;
  private readonly settings: StepSettings;
  private readonly rule: UpdateRule;
  private readonly update: UpdateKernel;
  private readonly parameters: FlatTensors;
  private readonly gradients: FlatTensors;
  private readonly slots: Readonly<Record<string, FlatTensors>>;
  private readonly control: FlatTensors;
  /** [loss, score] of a micro-batch, and [loss, score, gradient norm, unused] of the step: apart, since one dispatch reads these and writes those. */
  private readonly microFigures = new FlatTensors("figures of a micro-batch", [{ name: "figures", shape: [2] }]);
  private readonly stepFigures = new FlatTensors("figures of a step", [{ name: "figures", shape: [4] }]);
  private readonly figureRing: GPUBuffer;
  private readonly groups: readonly { readonly scale: number; readonly decay: number }[];
  private readonly groupOfBlock: Tensor;
  private readonly shapes = new Map<string, ShapeCapture>();
  private readonly workspace = new Workspace(this.backend.device);
  private readonly adding: CapturedFunction;
  /** From the gradients of the one micro-batch, and from the sums of several. */
  private readonly applying: Readonly<Record<"one" | "several", CapturedFunction>>;
  /** Made for the first step of several micro-batches. */
  private sums: FlatTensors | null = null;
  /** Micro-batches of the step so far, and whether they were added up. */
  private accumulated = 0;
  private inSums = false;
  private seed = 0;
  private steps = 0;
  private unread = 0;
  private deviceBehind: Promise<unknown> = Promise.resolve();
  private deviceFurtherBehind: Promise<unknown> = Promise.resolve();

  constructor(module: GraphModule, objective: StepObjective, settings: StepSettings) {
    this.module = module;
    this.objective = objective;
    this.settings = settings;
    this.rule = updateRule(settings.optimizer, settings);
    this.update = updateKernel(settings.optimizer, this.rule);
    if (module.flatVariables === null) throw new Error("The module was not made on WebGPU.");
    this.parameters = module.flatVariables;
    const entries = [...module.variables].map(([name, { shape }]) => ({ name, shape }));
    this.gradients = new FlatTensors("gradients", entries);
    this.slots = Object.fromEntries(this.rule.slots.map((slot) => [slot, new FlatTensors(slot, entries)]));
    const { groups, ofBlock } = rateGroups(this.parameters, module.variables, settings);
    this.groups = groups;
    this.groupOfBlock = tf.keep(tf.tensor1d(ofBlock, "int32"));
    const control: Readonly<Record<Control, readonly number[]>> = { rates: [groups.length, 2], scalars: [this.rule.scalars(1).length], micro: [2], seed: [1] };
    this.control = new FlatTensors("step control", Object.entries(control).map(([name, shape]) => ({ name, shape, dtype: name === "seed" ? ("int32" as const) : ("float32" as const) })));
    this.figureRing = this.backend.device.createBuffer({ label: "figures of steps", size: FIGURES_KEPT * FIGURE_BYTES, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    this.adding = this.capture(() => this.addUp());
    this.applying = { one: this.capture(() => this.moveParameters(this.gradients)), several: this.capture(() => this.moveParameters(this.sums as FlatTensors)) };
  }

  accumulate({ activations, targets, share, seed }: MicroBatch): void {
    const shape = this.shapeOf(new Map([...activations, [TARGETS, targets]]));
    flush(this.backend);
    for (const name of shape.names) this.fill(shape.inputs, name, name === TARGETS ? targets : (activations.get(name) as Tensor));
    this.seed = seed;
    this.control.write("seed", Int32Array.of(seed));
    this.control.write("micro", Float32Array.of(share, this.accumulated === 0 ? 1 : 0));
    flush(this.backend);
    shape.captured.call();
    this.accumulated++;
    if (share === 1) return;
    this.inSums = true;
    this.sums ??= new FlatTensors("gradients of the step", [...this.module.variables].map(([name, { shape: dims }]) => ({ name, shape: dims })));
    this.adding.call();
  }

  apply(learningRate: number): void {
    if (this.accumulated === 0) throw new Error("A step needs a micro-batch.");
    this.steps++;
    flush(this.backend);
    this.control.write("rates", Float32Array.from(this.groups.flatMap(({ scale, decay }) => [learningRate * scale, decay])));
    this.control.write("scalars", Float32Array.from(this.rule.scalars(this.steps)));
    if (!this.inSums) copyOnDevice(this.backend, this.microFigures.get("figures"), this.stepFigures.get("figures"));
    this.applying[this.inSums ? "several" : "one"].call();
    if (this.unread >= FIGURES_KEPT) throw new Error(`The figures of ${FIGURES_KEPT} steps were not read.`);
    copyToBuffer(this.backend, this.stepFigures.get("figures"), this.figureRing, FIGURE_BYTES * this.unread);
    flush(this.backend);
    this.unread++;
    this.accumulated = 0;
    this.inSums = false;
    this.deviceFurtherBehind = this.deviceBehind;
    this.deviceBehind = this.backend.queue.onSubmittedWorkDone();
    // It is refused when the GPU's process ends, perhaps with nobody waiting any more; reading the figures says so as well.
    this.deviceBehind.catch(() => undefined);
  }

  async ready(): Promise<void> {
    await this.deviceFurtherBehind;
  }

  async readFigures(): Promise<readonly StepFigures[]> {
    const count = this.unread;
    this.unread = 0;
    if (count === 0) return [];
    const values = new Float32Array(await orDeviceError(this.backend.device, readRange(this.backend, this.figureRing, { offset: 0, size: count * FIGURE_BYTES })));
    return Array.from({ length: count }, (_, i) => ({ loss: values[4 * i] ?? NaN, score: values[4 * i + 1] ?? NaN, gradientNorm: values[4 * i + 2] ?? NaN }));
  }

  async snapshot(): Promise<OptimizerState> {
    const slots = await Promise.all(Object.entries(this.slots).map(async ([slot, flat]) => [...(await flat.read())].map(([name, values]) => [slotKey(name, slot), values] as const)));
    return { steps: this.steps, slots: new Map(slots.flat()) };
  }

  restore({ steps, slots }: OptimizerState): void {
    flush(this.backend);
    for (const [slot, flat] of Object.entries(this.slots)) {
      for (const name of flat.tensors.keys()) {
        const values = slots.get(slotKey(name, slot));
        if (values) flat.write(name, values);
      }
    }
    this.steps = steps;
  }

  get mode(): StepMode {
    const used = [...[...this.shapes.values()].map(({ captured }) => captured), this.adding, ...Object.values(this.applying)];
    const states = used.map(({ state }) => state).filter((state) => state.kind !== "recording" || state.recordings > 0);
    const eager = states.find((state): state is Extract<CaptureState, { kind: "eager" }> => state.kind === "eager");
    if (eager) return { kind: "eager", because: eager.because };
    const replaying = states.filter((state) => state.kind === "replaying");
    if (replaying.length === 0 || replaying.length < states.length) return { kind: "recording" };
    const sum = (key: "dispatches" | "allocatedBytes" | "leastBytes"): number => replaying.reduce((total, state) => total + state[key], 0);
    return { kind: "replayed", dispatches: sum("dispatches"), allocatedBytes: sum("allocatedBytes"), leastBytes: sum("leastBytes") };
  }

  dispose(): void {
    for (const { captured, inputs } of this.shapes.values()) {
      captured.dispose();
      inputs.dispose();
    }
    this.shapes.clear();
    for (const captured of [this.adding, ...Object.values(this.applying)]) captured.dispose();
    for (const flat of [this.gradients, this.sums, this.control, this.microFigures, this.stepFigures, ...Object.values(this.slots)]) flat?.dispose();
    this.workspace.dispose();
    this.groupOfBlock.dispose();
    this.figureRing.destroy();
  }

  private capture(work: () => void): CapturedFunction {
    return new CapturedFunction(this.backend, work, this.workspace, { enabled: this.settings.capture ?? true });
  }

  private shapeOf(tensors: ReadonlyMap<string, Tensor>): ShapeCapture {
    const key = [...tensors].map(([name, { shape, dtype }]) => `${name}: ${dtype} ${shape.join("x")}`).join("; ");
    const known = this.shapes.get(key);
    if (known) return known;
    const inputs = new FlatTensors("inputs of a step", [...tensors].map(([name, { shape, dtype }]) => ({ name, shape, dtype: dtype === "int32" ? ("int32" as const) : ("float32" as const) })));
    const names = [...tensors.keys()];
    const captured = this.capture(() => this.differentiate(inputs, names));
    const shape = { inputs, names, captured };
    this.shapes.set(key, shape);
    return shape;
  }

  /** Straight from the host where the values still are there. */
  private fill(inputs: FlatTensors, name: string, tensor: Tensor): void {
    const values = hostValues(this.backend, tensor);
    if (values) inputs.write(name, values);
    else copyOnDevice(this.backend, tensor, inputs.get(name));
  }

  private differentiate(inputs: FlatTensors, names: readonly string[]): void {
    const activations = new Map(names.filter((name) => name !== TARGETS).map((name) => [name, inputs.get(name)]));
    const targets = inputs.get(TARGETS);
    const { loss, output, gradients } = this.module.gradients(activations, (logits) => this.objective.loss(logits, targets), { value: this.seed, tensor: this.control.get("seed") });
    for (const [name, gradient] of gradients) copyOnDevice(this.backend, gradient, this.gradients.get(name));
    tf.tidy(() => copyOnDevice(this.backend, tf.stack([loss, this.objective.score(output, targets)]), this.microFigures.get("figures")));
    for (const tensor of [loss, output, ...gradients.values()]) tensor.dispose();
  }

  private addUp(): void {
    accumulate(this.gradients.all, this.microFigures.get("figures"), this.control.get("micro"), (this.sums as FlatTensors).all, this.stepFigures.get("figures"));
  }

  private moveParameters({ all: gradients }: FlatTensors): void {
    tf.tidy(() => {
      const scale = normAndScale(gradients, this.stepFigures.get("figures"), this.settings.gradientClipNorm);
      const workgroups = blockGrid(this.parameters.all.size);
      this.update.run({
        inputs: { gradients, scale, groupOfBlock: this.groupOfBlock, rates: this.control.get("rates"), scalars: this.control.get("scalars") },
        inPlace: { parameters: this.parameters.all, ...Object.fromEntries(Object.entries(this.slots).map(([slot, { all }]) => [slot, all])) },
        outputs: {},
        uniforms: { size: this.parameters.all.size, width: workgroups[0] },
        workgroups,
      });
    });
  }
}

/** Parameters that move alike share a rate; which one, by the blocks of the flat buffer. */
function rateGroups({ layout }: FlatTensors, variables: ReadonlyMap<string, tf.Variable>, { weightDecay, learningRateScale }: StepSettings): { readonly groups: { scale: number; decay: number }[]; readonly ofBlock: Int32Array } {
  const groups: { scale: number; decay: number }[] = [];
  const ofBlock = new Int32Array(layout.size / BLOCK_BYTES);
  for (const [name, variable] of variables) {
    const [scale, decay] = [learningRateScale(name), decayOf(variable, weightDecay)];
    let group = groups.findIndex((known) => known.scale === scale && known.decay === decay);
    if (group < 0) group = groups.push({ scale, decay }) - 1;
    const begin = (layout.offsets.get(name) ?? 0) / BLOCK_BYTES;
    ofBlock.fill(group, begin, begin + Math.ceil((4 * variable.size) / BLOCK_BYTES));
  }
  return { groups, ofBlock };
}
