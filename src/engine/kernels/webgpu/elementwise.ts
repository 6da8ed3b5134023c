/** Kernels from one WGSL expression, element by element over tensors of one size, four elements to a thread where they fit. */
import type { Tensor } from "../../tf.ts";
import { defineKernel, type ElementType } from "../../webgpu/kernel.ts";
import { byLanes, flatGrid, flatWorkgroup } from "./lanes.ts";

const WORKGROUP = 64;

export interface ElementwiseDeclaration<Input extends string> {
  readonly name: string;
  readonly inputs: readonly Input[];
  /** WGSL functions that `expression` calls. */
  readonly functions?: string;
  /** The result; the inputs' elements are in scope by name, as a `Value`: an f32 or a vec4f. */
  readonly expression: string;
}

/** @returns one dispatch; the result has the shape of the first input. */
export function defineElementwise<Input extends string>({ name, inputs, functions = "", expression }: ElementwiseDeclaration<Input>): (inputs: Readonly<Record<Input, Tensor>>) => Tensor {
  const kernelFor = byLanes(({ element, code }) =>
    defineKernel<"result", Input, never, "size">({
      name,
      inputs: Object.fromEntries(inputs.map((input) => [input, element])) as Record<Input, ElementType>,
      outputs: { result: element },
      uniforms: { size: "u32" },
      workgroupSize: [WORKGROUP, 1, 1],
      code: `
${code}
${functions}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let i = ${flatWorkgroup} * ${WORKGROUP}u + local.x;
  if (i >= uniforms.size) { return; }
  ${inputs.map((input) => `let ${input} = ${input}[i];`).join(" ")}
  result[i] = ${expression};
}`,
    }),
  );
  return (tensors) => {
    const { shape, size } = tensors[inputs[0] as Input];
    const { kernel, lanes } = kernelFor(size);
    const count = size / lanes.width;
    return kernel.run({ inputs: tensors, outputs: { result: shape }, uniforms: { size: count }, workgroups: flatGrid(Math.ceil(count / WORKGROUP)) }).result;
  };
}
