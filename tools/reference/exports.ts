/**
 * Writes what Graft exports for tools/reference/check_exports.py to try: npx tsx tools/reference/exports.ts <folder>. Each case is a
 * folder with model.py, model.safetensors, model.onnx, inputs and outputs as Graft's own engine has them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { useBackend } from "../../src/engine/backend.ts";
import { execute } from "../../src/engine/execute.ts";
import { tf } from "../../src/engine/tf.ts";
import { writePytorch } from "../../src/formats/pytorch/write.ts";
import { upstreamTensorsOf } from "../../src/formats/safetensors/upstream.ts";
import { writeSafetensors } from "../../src/formats/safetensors/write.ts";
import { type ExportCase, modelExportCases, opExportCases } from "../../src/formats/testing/export-cases.ts";
import type { StoredTensor } from "../../src/formats/safetensors/read.ts";

/** The cpu backend keeps a cast's result as it was stored before. */
const valuesOf = (values: ArrayLike<number>, dtype: string): Float32Array | Int32Array => (dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values));

async function outputsOf({ model: { graph, weights }, inputs }: ExportCase): Promise<Map<string, StoredTensor>> {
  const parameters = graph.parameters.map(({ name, shape, dtype }) => [name, tf.tensor(weights.get(name) as Float32Array, [...shape], dtype)] as const);
  const fed = [...inputs].map(([name, { values, shape, dtype }]) => [name, tf.tensor(values, [...shape], dtype)] as const);
  const outputs = tf.tidy(() => [...execute(graph, new Map([...parameters, ...fed])).values()]);
  return new Map(await Promise.all(outputs.map(async (output, i) => [`output${i}`, { shape: output.shape, values: valuesOf(await output.data(), output.dtype) }] as const)));
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("Say where to: npx tsx tools/reference/exports.ts <folder>");
await useBackend("cpu", { wasmPath: "" });
for (const [kind, cases] of [["models", modelExportCases()], ["ops", opExportCases()]] as const) {
  for (const [index, exportCase] of cases.entries()) {
    const path = join(folder, kind, kind === "models" ? exportCase.name : String(index).padStart(3, "0"));
    mkdirSync(path, { recursive: true });
    const { graph, weights } = exportCase.model;
    writeFileSync(join(path, "name.txt"), exportCase.name);
    writeFileSync(join(path, "model.py"), writePytorch(graph));
    writeFileSync(join(path, "model.safetensors"), writeSafetensors(upstreamTensorsOf(graph, weights)));
    writeFileSync(join(path, "inputs.safetensors"), writeSafetensors(exportCase.inputs));
    writeFileSync(join(path, "outputs.safetensors"), writeSafetensors(await outputsOf(exportCase)));
  }
}
