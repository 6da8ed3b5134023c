/** The counters on a program small enough to count by hand. */
import { beforeAll, describe, expect, it } from "vitest";
import { allocatedNow, installCounters, markPhase, startRecording, stopRecording } from "./counters.ts";

const code = `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<uniform> factor: f32;
@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { _ = &y; y[id.x + id.y] = factor * x[id.x]; } // y is written
`;
const inPlace = code.replace("= factor", "= y[id.x] + factor");

describe("counters", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    installCounters();
    const adapter = await navigator.gpu.requestAdapter();
    expect(adapter, "a WebGPU adapter").not.toBeNull();
    device = await (adapter as GPUAdapter).requestDevice();
  });

  it("count what is asked of the GPU, by phase and label, and leave its work as it is", async () => {
    const pipelineOf = async (label: string, source: string): Promise<GPUComputePipeline> => device.createComputePipelineAsync({ label, layout: "auto", compute: { module: device.createShaderModule({ code: source }) } });
    const [scale, add] = [await pipelineOf("scale", code), await pipelineOf("add", inPlace)];
    const before = allocatedNow();

    startRecording();
    const x = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE, mappedAtCreation: true });
    new Float32Array(x.getMappedRange()).set([1, 2, 3, 4]);
    x.unmap();
    const y = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
    const factor = device.createBuffer({ size: 4, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(factor, 0, Float32Array.of(0, 10), 1, 1);
    const encoder = device.createCommandEncoder();
    for (const pipeline of [scale, add]) {
      markPhase(pipeline.label);
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [y, x, factor].map((buffer, binding) => ({ binding, resource: { buffer } })) }));
      pass.dispatchWorkgroups(1);
      pass.end();
    }
    markPhase("");
    const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    encoder.copyBufferToBuffer(y, 0, staging, 0, 16);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const values = [...new Float32Array(staging.getMappedRange())];
    x.destroy();
    const { counts, phases, labels, allocatedBytes, events } = stopRecording();

    expect(values).toEqual([20, 40, 60, 80]);
    expect(counts).toEqual({ dispatches: 2, bindGroups: 2, pipelines: 0, buffersCreated: 4, uploadBytes: 16 + 4, passes: 2, submits: 1 });
    expect([...phases]).toEqual([["scale", 1], ["add", 1]]);
    expect([...labels]).toEqual([["scale", 1], ["add", 1]]);
    expect(allocatedBytes - before).toBe(16 + 16 + 4 + 16);
    expect(allocatedNow() - before).toBe(16 + 4 + 16);
    // Two uploads, the first dispatch writes y without reading it, the second adds to it, the copy reads it.
    expect(events.map(({ kind, at }) => `${at} ${kind}`)).toEqual(["0 write", "1 write", "2 read", "2 read", "2 write", "3 read", "3 read", "3 update", "4 read", "4 write"]);
    for (const buffer of [y, factor, staging]) buffer.destroy();
    expect(allocatedNow()).toBe(before);
  });
});
