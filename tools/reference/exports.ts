/**
 * Writes what Graft exports for tools/reference/check_exports.py to try: npx tsx tools/reference/exports.ts <folder>. Each case is a
 * folder with model.py, model.safetensors, model.onnx, inputs and outputs as Graft's own engine has them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { useBackend } from "../../src/engine/backend.ts";
import { writeOnnx } from "../../src/formats/onnx/write.ts";
import { writePytorch } from "../../src/formats/pytorch/write.ts";
import { upstreamTensorsOf } from "../../src/formats/safetensors/upstream.ts";
import { writeSafetensors } from "../../src/formats/safetensors/write.ts";
import { modelExportCases, opExportCases } from "../../src/formats/testing/export-cases.ts";
import { runExportCase } from "../../src/formats/testing/run-export-case.ts";

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
    writeFileSync(join(path, "model.onnx"), writeOnnx(exportCase.model));
    writeFileSync(join(path, "inputs.safetensors"), writeSafetensors(exportCase.inputs));
    writeFileSync(join(path, "outputs.safetensors"), writeSafetensors(new Map((await runExportCase(exportCase)).map((output, i) => [`output${i}`, output]))));
  }
}
