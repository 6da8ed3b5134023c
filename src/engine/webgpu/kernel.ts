/**
 * Graft's own WGSL kernels: declared once with named and typed bindings, run on tensors. Unlike a program of TensorFlow.js,
 * a kernel may have several outputs and may write in place. It is encoded into the backend's own command queue, so that
 * both kinds keep their order. What kernels compute is in ../kernels/webgpu.
 */
import { tf, type Tensor } from "../tf.ts";
import { bindingOf, emptyTensor, flush, forgetHostValues, webgpuBackend, type WebgpuBackend } from "./internals.ts";

/** The element of a storage array. A vec4f array needs a size that is a multiple of 4. */
export type ElementType = "f32" | "i32" | "u32" | "vec4f";
type UniformType = "f32" | "i32" | "u32";
type Names<Name extends string, Value> = Readonly<Record<Name, Value>>;

export interface KernelDeclaration<Input extends string, InPlace extends string, Output extends string, Uniform extends string> {
  /** What profiles and the recorder's sentences call it, such as "batchNorm/statistics". */
  readonly name: string;
  /** Storage arrays that are read. */
  readonly inputs: Names<Input, ElementType>;
  /** Storage arrays that are read and written; none may be an input at the same time. */
  readonly inPlace?: Names<InPlace, ElementType>;
  /** Storage arrays that are written, each a new tensor. Their first content is undefined. */
  readonly outputs: Names<Output, ElementType>;
  /** Members of `uniforms`, in this order; sizes belong here rather than into the code, so that one pipeline serves all. */
  readonly uniforms?: Names<Uniform, UniformType>;
  readonly workgroupSize: readonly [x: number, y: number, z: number];
  /**
   * WGSL that defines `fn run(local: vec3u, workgroup: vec3u, global: vec3u)`, and whatever module-scope names it needs. The
   * bindings are in scope by name, the uniforms as `uniforms.name`. The whole text is the pipeline's key.
   */
  readonly code: string;
}

export interface KernelRun<Input extends string, InPlace extends string, Output extends string, Uniform extends string> {
  readonly inputs: Names<Input, Tensor>;
  readonly inPlace?: Names<InPlace, Tensor>;
  /** Shapes of the new tensors. */
  readonly outputs: Names<Output, readonly number[]>;
  readonly uniforms?: Names<Uniform, number>;
  /** Count of workgroups by axis; each at most the device's maxComputeWorkgroupsPerDimension (65535). */
  readonly workgroups: readonly [x: number, y: number, z: number];
}

export interface Kernel<Input extends string, InPlace extends string, Output extends string, Uniform extends string> {
  readonly name: string;
  /** Complete WGSL, for tests and for reading. */
  readonly source: string;
  /** Encodes one dispatch. The outputs belong to the current tidy; the caller keeps the rest. */
  run(arguments_: KernelRun<Input, InPlace, Output, Uniform>): Record<Output, Tensor>;
}

export function defineKernel<Output extends string, Input extends string = never, InPlace extends string = never, Uniform extends string = never>(
  declaration: KernelDeclaration<Input, InPlace, Output, Uniform>,
): Kernel<Input, InPlace, Output, Uniform> {
  const { name } = declaration;
  const inputNames = Object.keys(declaration.inputs) as Input[];
  const inPlaceNames = Object.keys(declaration.inPlace ?? {}) as InPlace[];
  const outputNames = Object.keys(declaration.outputs) as Output[];
  const uniformTypes = Object.entries(declaration.uniforms ?? {}) as [Uniform, UniformType][];
  const source = sourceOf(declaration);
  const dtypes = declaration.outputs;

  return {
    name,
    source,
    run({ inputs, inPlace, outputs, uniforms, workgroups }) {
      const backend = webgpuBackend();
      const made = Object.fromEntries(outputNames.map((output) => [output, emptyTensor(backend, outputs[output], dtypeOf(dtypes[output]))])) as Record<Output, Tensor>;
      const tensors = [...inputNames.map((input) => inputs[input]), ...inPlaceNames.map((key) => (inPlace as Names<InPlace, Tensor>)[key]), ...outputNames.map((output) => made[output])];
      const bindings = tensors.map((tensor) => bindingOf(backend, tensor));
      if (uniformTypes.length > 0) bindings.push(uploadUniforms(backend, uniformTypes, uniforms as Names<Uniform, number>));
      encode(backend, { name, source }, bindings, workgroups);
      for (const { dataId } of tensors) backend.commandQueueOwnedIds.add(dataId);
      for (const key of inPlaceNames) forgetHostValues(backend, (inPlace as Names<InPlace, Tensor>)[key]);
      return made;
    },
  };
}

function dtypeOf(type: ElementType): tf.DataType {
  return type === "i32" || type === "u32" ? "int32" : "float32";
}

function sourceOf<I extends string, P extends string, O extends string, U extends string>({ inputs, inPlace, outputs, uniforms, workgroupSize, code }: KernelDeclaration<I, P, O, U>): string {
  const storage = [
    ...Object.entries<ElementType>(inputs).map(([name, type]) => [name, type, "read"] as const),
    ...Object.entries<ElementType>({ ...inPlace, ...outputs }).map(([name, type]) => [name, type, "read_write"] as const),
  ];
  const members = Object.entries<UniformType>(uniforms ?? {});
  return [
    ...storage.map(([name, type, access], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`),
    ...(members.length === 0 ? [] : [`struct Uniforms { ${members.map(([name, type]) => `${name}: ${type}`).join(", ")} }`, `@group(0) @binding(${storage.length}) var<uniform> uniforms: Uniforms;`]),
    code,
    `@compute @workgroup_size(${workgroupSize.join(", ")})`,
    "fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) workgroup: vec3u, @builtin(global_invocation_id) global: vec3u) {",
    // A binding that the code does not use would be missing from the pipeline's layout, and the bind group be refused.
    `  ${[...storage.map(([name]) => name), ...(members.length === 0 ? [] : ["uniforms"])].map((name) => `_ = &${name};`).join(" ")}`,
    "  run(local, workgroup, global);",
    "}",
  ].join("\n");
}

const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();

function pipelineOf(device: GPUDevice, { name, source }: { readonly name: string; readonly source: string }): GPUComputePipeline {
  const known = pipelines.get(device) ?? new Map<string, GPUComputePipeline>();
  pipelines.set(device, known);
  const ready = known.get(source);
  if (ready !== undefined) return ready;
  const module = device.createShaderModule({ code: source, label: name });
  const pipeline = device.createComputePipeline({ compute: { module, entryPoint: "main" }, label: name, layout: "auto" });
  known.set(source, pipeline);
  return pipeline;
}

function uploadUniforms<Name extends string>(backend: WebgpuBackend, types: readonly (readonly [Name, UniformType])[], values: Names<Name, number>): GPUBufferBinding {
  // A uniform struct of scalars is packed, and its size is a multiple of 4; buffers of one size are reused.
  const content = new DataView(new ArrayBuffer(types.length * 4));
  types.forEach(([name, type], i) => {
    const value = values[name];
    if (!(type === "f32" || Number.isInteger(value))) throw new Error(`Uniform "${name}" is ${value}; it has to be a whole number.`);
    if (type === "f32") content.setFloat32(4 * i, value, true);
    else if (type === "i32") content.setInt32(4 * i, value, true);
    else content.setUint32(4 * i, value, true);
  });
  const buffer = backend.bufferManager.acquireBuffer(content.byteLength, GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM);
  backend.queue.writeBuffer(buffer, 0, content.buffer);
  backend.uniformPendingDisposal.push(buffer);
  return { buffer, offset: 0, size: content.byteLength };
}

function encode(backend: WebgpuBackend, kernel: { readonly name: string; readonly source: string }, bindings: readonly GPUBufferBinding[], [x, y, z]: readonly [number, number, number]): void {
  const pipeline = pipelineOf(backend.device, kernel);
  const bindGroup = backend.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: bindings.map((resource, binding) => ({ binding, resource })) });
  backend.ensureCommandEncoderReady();
  backend.computePassEncoder ??= (backend.commandEncoder as GPUCommandEncoder).beginComputePass();
  backend.computePassEncoder.setPipeline(pipeline);
  backend.computePassEncoder.setBindGroup(0, bindGroup);
  backend.computePassEncoder.dispatchWorkgroups(x, y, z);
  backend.dispatchCountInPass++;
  if (backend.dispatchCountInPass >= (tf.env().get("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE") as number)) flush(backend);
}
