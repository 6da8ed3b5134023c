/**
 * Remembers how each pipeline uses its bindings, read from its WGSL when it is made: WebGPU does not tell, and the plan of
 * a captured step needs to know, since one dispatch may not read and write one buffer.
 */

export type Access = "read" | "read_write" | "uniform";

const DECLARATION = /@binding\((\d+)\)\s*var<\s*(uniform|storage)\s*(?:,\s*(read_write|read)\s*)?>/g;

/** Binding number -> access, of group 0. Storage without a mode is read-only in WGSL. */
function accessesIn(code: string): ReadonlyMap<number, Access> {
  return new Map([...code.matchAll(DECLARATION)].map(([, binding, space, mode]) => [Number(binding), space === "uniform" ? "uniform" : mode === "read_write" ? "read_write" : "read"]));
}

const modules = new WeakMap<GPUShaderModule, ReadonlyMap<number, Access>>();
const pipelines = new WeakMap<GPUComputePipeline, ReadonlyMap<number, Access>>();
const watched = new WeakSet<GPUDevice>();

/** From now on, pipelines of `device` are remembered. Pipelines made before are not known. */
export function watchPipelines(device: GPUDevice): void {
  if (watched.has(device)) return;
  watched.add(device);
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const module = createShaderModule(descriptor);
    modules.set(module, accessesIn(descriptor.code));
    return module;
  };
  const createComputePipeline = device.createComputePipeline.bind(device);
  device.createComputePipeline = (descriptor) => {
    const pipeline = createComputePipeline(descriptor);
    const accesses = modules.get(descriptor.compute.module);
    if (accesses) pipelines.set(pipeline, accesses);
    return pipeline;
  };
}

/** Null for a pipeline that was made before its device was watched. */
export function accessesOf(pipeline: GPUComputePipeline): ReadonlyMap<number, Access> | null {
  return pipelines.get(pipeline) ?? null;
}
