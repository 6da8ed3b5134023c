/** What is captured gives the bits of the eager step, allocates once, and refuses what it cannot repeat. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memory, useBackend } from "../backend.ts";
import { tf, type Tensor } from "../tf.ts";
import { CapturedFunction } from "./capture.ts";
import { FlatTensors } from "./flat.ts";
import { copyOnDevice, flush, webgpuBackend } from "./internals.ts";
import { Workspace } from "./replay.ts";

let workspace: Workspace;
beforeAll(async () => {
  expect(await useBackend("webgpu", { wasmPath: "" })).toMatchObject({ backend: "webgpu" });
});
beforeEach(() => void (workspace = new Workspace(webgpuBackend().device)));
afterEach(() => workspace.dispose());

const wave = (size: number, phase: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(0.37 * i + phase));

/** A step of gradient descent on y = relu(x w1) w2, whose inputs, weights and gradients have fixed places. */
class Descent {
  readonly flat = new FlatTensors("test weights", [{ name: "w1", shape: [5, 7] }, { name: "w2", shape: [7, 3] }]);
  readonly gradients = new FlatTensors("test gradients", [{ name: "w1", shape: [5, 7] }, { name: "w2", shape: [7, 3] }]);
  readonly inputs = new FlatTensors("test inputs", [{ name: "x", shape: [4, 5] }, { name: "loss", shape: [] }]);

  constructor() {
    this.flat.write("w1", wave(35, 0.3));
    this.flat.write("w2", wave(21, 1.2));
  }

  readonly step = (): void => {
    const [w1, w2, x] = [this.flat.get("w1"), this.flat.get("w2"), this.inputs.get("x")] as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((a: Tensor, b: Tensor) => tf.sum(tf.square(tf.matMul(tf.relu(tf.matMul(x, a as tf.Tensor2D)), b as tf.Tensor2D))))([w1, w2]);
      const backend = webgpuBackend();
      copyOnDevice(backend, value, this.inputs.get("loss"));
      copyOnDevice(backend, grads[0] as Tensor, this.gradients.get("w1"));
      copyOnDevice(backend, grads[1] as Tensor, this.gradients.get("w2"));
      for (const [name, w] of [["w1", w1], ["w2", w2]] as const) copyOnDevice(backend, tf.sub(w, tf.mul(this.gradients.get(name), 0.01)), w);
    });
  };

  async run(call: () => void, steps: number): Promise<number[]> {
    const seen: number[] = [];
    for (let i = 0; i < steps; i++) {
      flush(webgpuBackend());
      this.inputs.write("x", wave(20, i));
      call();
      seen.push((await this.inputs.get("loss").data())[0] as number);
    }
    return [...seen, ...(await this.flat.get("w1").data()), ...(await this.gradients.get("w2").data())];
  }

  dispose(): void {
    for (const flat of [this.flat, this.gradients, this.inputs]) flat.dispose();
  }
}

describe("a captured function", () => {
  it("gives the eager step's bits on new inputs, with its copies left out, and leaves nothing behind", async () => {
    const before = memory();
    const eager = new Descent();
    const want = await eager.run(eager.step, 9);
    eager.dispose();

    const descent = new Descent();
    const captured = new CapturedFunction(webgpuBackend(), descent.step, workspace);
    const got = await descent.run(() => captured.call(), 9);
    expect(captured.state).toMatchObject({ kind: "replaying" });
    expect(got).toEqual(want);
    expect(new Set(got.slice(0, 9)).size).toBe(9);
    captured.dispose();
    descent.dispose();
    expect(memory()).toEqual(before);
  });

  it("creates no buffer and no bind group once it replays", async () => {
    const { device } = webgpuBackend();
    const descent = new Descent();
    const captured = new CapturedFunction(webgpuBackend(), descent.step, workspace);
    await descent.run(() => captured.call(), 4);
    const created = { buffers: 0, groups: 0 };
    const [createBuffer, createBindGroup] = [device.createBuffer.bind(device), device.createBindGroup.bind(device)];
    device.createBuffer = (descriptor) => (created.buffers++, createBuffer(descriptor));
    device.createBindGroup = (descriptor) => (created.groups++, createBindGroup(descriptor));
    for (let i = 0; i < 5; i++) captured.call();
    Reflect.deleteProperty(device, "createBuffer");
    Reflect.deleteProperty(device, "createBindGroup");
    expect(created).toEqual({ buffers: 0, groups: 0 });
    captured.dispose();
    descent.dispose();
  });

  it("stays eager where an upload differs from call to call, and says where", async () => {
    const out = new FlatTensors("test output", [{ name: "y", shape: [2000] }]);
    let call = 0;
    const captured = new CapturedFunction(webgpuBackend(), () => tf.tidy(() => copyOnDevice(webgpuBackend(), tf.mul(out.get("y"), tf.tensor1d(new Float32Array(2000).fill(++call))), out.get("y"))), workspace);
    for (let i = 0; i < 8; i++) captured.call();
    expect(captured.state).toMatchObject({ kind: "eager", because: expect.stringMatching(/command 1 of 2 \(BinaryOpProgram\) read or wrote something else/) as string });
    out.dispose();
    captured.dispose();
  });

  it("stays eager where a tensor outlives the call", () => {
    const kept: Tensor[] = [];
    const x = tf.tensor1d(wave(1500, 0));
    const captured = new CapturedFunction(webgpuBackend(), () => void kept.push(tf.square(x)), workspace);
    for (let i = 0; i < 4; i++) captured.call();
    expect(captured.state).toEqual({ kind: "eager", because: "a tensor that it makes is still in use afterwards" });
    for (const tensor of [...kept, x]) tensor.dispose();
    captured.dispose();
  });

  it("works where another has worked before, without room of its own, and both stay right", async () => {
    const [first, second] = [new Descent(), new Descent()];
    const [a, b] = [first, second].map(({ step }) => new CapturedFunction(webgpuBackend(), step, workspace)) as [CapturedFunction, CapturedFunction];
    const want = await first.run(() => a.call(), 6);
    expect(await second.run(() => b.call(), 6)).toEqual(want);
    const [made, reused] = [a.state, b.state].map((state) => (state.kind === "replaying" ? state.allocatedBytes : -1)) as [number, number];
    expect(reused).toBeGreaterThan(0);
    expect(reused).toBeLessThan(made);
    // In turns, each overwrites what the other left there.
    const turns: number[][] = [];
    for (let i = 0; i < 3; i++) turns.push(await first.run(() => a.call(), 1), await second.run(() => b.call(), 1));
    for (let i = 0; i < 6; i += 2) expect(turns[i + 1]).toEqual(turns[i]);
    for (const part of [a, b, first, second]) part.dispose();
  });
});
