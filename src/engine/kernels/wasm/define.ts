/** How a kernel of ours is written: on tensors, composed of other kernels, or on the heap, in plain loops. */
import { tf, type Tensor } from "../../tf.ts";
import { asWasmBackend, type WasmBackend } from "./heap.ts";

type Inputs<Value> = Readonly<Record<string, Value>>;

/** A kernel made of other ops; what it creates on the way is disposed. */
export function composed<Attributes>(kernelName: string, run: (inputs: Inputs<Tensor>, attributes: Attributes) => Tensor): tf.KernelConfig {
  return {
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => run(inputs as Inputs<Tensor>, attrs as Attributes)),
  };
}

/** A kernel that reads and writes the backend's memory. */
export function onHeap<Attributes>(kernelName: string, run: (backend: WasmBackend, inputs: Inputs<tf.TensorInfo>, attributes: Attributes) => tf.TensorInfo): tf.KernelConfig {
  return {
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) => run(asWasmBackend(backend), inputs as Inputs<tf.TensorInfo>, attrs as Attributes),
  };
}

/** An input that the kernel cannot do without. */
export function required<Value>(inputs: Inputs<Value>, name: string): Value {
  const value = inputs[name];
  if (value === undefined) throw new Error(`The kernel wants input "${name}".`);
  return value;
}
