/** What the engine computes for a case, which is what its exports must compute. */
import { execute } from "../../engine/execute.ts";
import { tf } from "../../engine/tf.ts";
import type { ExportCase, ExportTensor } from "./export-cases.ts";

/** The outputs in the graph's order, on the current backend. */
export async function runExportCase({ model: { graph, weights }, inputs }: ExportCase): Promise<readonly ExportTensor[]> {
  const parameters = graph.parameters.map(({ name, shape, dtype }) => [name, tf.tensor(weights.get(name) as Float32Array, [...shape], dtype)] as const);
  const fed = [...inputs].map(([name, { values, shape, dtype }]) => [name, tf.tensor(values, [...shape], dtype)] as const);
  const outputs = tf.tidy(() => [...execute(graph, new Map([...parameters, ...fed])).values()]);
  const read = await Promise.all(
    outputs.map(async (output): Promise<ExportTensor> => {
      const values = await output.data();
      // The cpu backend keeps a cast's result as it was stored before.
      return output.dtype === "int32" ? { shape: output.shape, dtype: "int32", values: Int32Array.from(values) } : { shape: output.shape, dtype: "float32", values: Float32Array.from(values) };
    }),
  );
  for (const tensor of [...parameters, ...fed].map(([, each]) => each)) tensor.dispose();
  for (const output of outputs) output.dispose();
  return read;
}
