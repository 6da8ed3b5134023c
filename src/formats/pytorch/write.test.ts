/**
 * PyTorch source of every op and of the small models: it is the very text that PyTorch has executed (tools/reference/check_exports.py
 * does, and keeps what came out), and the engine computes what PyTorch did.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { OpName } from "../../graph/types.ts";
import { modelExportCases, opExportCases } from "../testing/export-cases.ts";
import { runExportCase } from "../testing/run-export-case.ts";
import { upstreamTensors } from "../safetensors/upstream.ts";
import { expressions } from "./expressions.ts";
import goldens from "./goldens/executed.json" with { type: "json" };
import { writePytorch } from "./write.ts";

interface Executed {
  readonly name: string;
  readonly sha256: string;
  readonly outputs?: readonly { readonly shape: readonly number[]; readonly dtype: string; readonly values: readonly number[] }[];
}

const executed = new Map((goldens.cases as readonly Executed[]).map((golden) => [golden.name, golden]));
const sources = new Set(goldens.cases.map(({ sha256 }) => sha256));
const next = "PyTorch has not executed this source: npx tsx tools/reference/exports.ts <folder>, then python3 tools/reference/check_exports.py <folder> --write";
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

describe("PyTorch source", () => {
  it("of every op is what PyTorch has executed, with the values of its goldens", () => {
    const cases = opExportCases();
    const covered = new Set(cases.flatMap(({ model }) => model.graph.nodes.map(({ op }) => op)));
    expect(Object.keys(expressions).filter((op) => !covered.has(op as OpName))).toEqual(["dropout"]);
    expect(cases.filter(({ model }) => !sources.has(digest(writePytorch(model.graph)))).map(({ name }) => name), next).toEqual([]);
  });

  it.each(modelExportCases().map((exportCase) => [exportCase.name, exportCase] as const))("of %s is what PyTorch has executed, and the engine has the same outputs", async (name, exportCase) => {
    const source = writePytorch(exportCase.model.graph);
    expect(source, next).toBe(readFileSync(new URL(`goldens/${name}.py`, import.meta.url), "utf8"));
    expect(executed.get(name)?.sha256, next).toBe(digest(source));
    const outputs = await runExportCase(exportCase);
    const wanted = executed.get(name)?.outputs ?? [];
    expect(wanted.length).toBe(1);
    outputs.forEach((output, i) => expect(output).toBeAllClose(wanted[i] as NonNullable<Executed["outputs"]>[number], { rtol: 1e-5, atol: 1e-5 }));
  });

  it("is PyTorch's own layers where the names of the parameters are, and a loop over a list", () => {
    const builder = new GraphBuilder();
    let x = builder.input("images", [null, 8, 8, 3], "float32");
    const conv = (path: string, from: string, kernel: readonly number[], padding: "same" | "valid"): string => builder.add(`${path}/out`, "conv2d", [from, builder.parameter(`${path}/weight`, kernel)], { strides: [1, 1], dilations: [1, 1], padding });
    x = conv("stem", x, [3, 3, 3, 4], "same");
    for (const layer of [0, 1, 2]) {
      const norm = ["weight", "bias", "running_mean", "running_var"].map((name) => builder.parameter(`layers/${layer}/norm/${name}`, [4], { role: name.startsWith("running") ? "statistic" : "weight" }));
      const y = builder.add(`layers/${layer}/norm/out`, "batchNorm", [conv(`layers/${layer}/conv`, x, [1, 1, 4, 4], "valid"), ...norm], { epsilon: 1e-5, momentum: 0.9 });
      x = builder.add(`layers/${layer}/sum`, "add", [x, builder.add(`layers/${layer}/relu`, "relu", [y], {})], {});
    }
    const pooled = builder.add("pool", "mean", [x], { axes: [1, 2], keepDims: false });
    const product = builder.add("fc/product", "matMul", [pooled, builder.parameter("fc/weight", [5, 4])], { transposeA: false, transposeB: true });
    const source = writePytorch(builder.build([builder.add("fc/out", "add", [product, builder.parameter("fc/bias", [5])], {})]));
    for (const line of [
      "self.stem = nn.Conv2d(3, 4, 3, stride=1, padding=1, bias=False)",
      "self.norm = nn.BatchNorm2d(4, eps=0.00001, momentum=0.1)",
      "self.layers = nn.ModuleList([Layer() for _ in range(3)])",
      "self.fc = nn.Linear(4, 5)",
      "for each_layer in self.layers:",
      "x = images.permute(0, 3, 1, 2)  # channels first",
    ]) expect(source).toContain(`        ${line}\n`);
  });

  it("keeps names that Python or PyTorch would not take as attributes", () => {
    const builder = new GraphBuilder();
    const x = builder.input("lambda", [null, 4], "float32");
    const names = ["type/weight", "1x1/for", "a-b/forward/w", "a-b/forward"];
    const y = names.reduce((sum, name, i) => builder.add(`sum_${i}`, "add", [sum, builder.parameter(name, [4])], {}), x);
    const graph = builder.build([y]);
    const source = writePytorch(graph);
    expect([...upstreamTensors(graph).values()].map(({ name }) => name)).toEqual(["type.weight", "1x1.for", "a-b.forward.w", "a-b.forward"]);
    for (const text of ['self._modules["type"] = ', 'self._modules["1x1"] = ', 'self._parameters["for"] = ', 'self._modules["forward"] = ', 'self._parameters["forward"] = ', "def forward(self, lambda_):"]) expect(source).toContain(text);
  });

  it("ends no text early, whatever a model is called", () => {
    const builder = new GraphBuilder();
    const source = writePytorch(builder.build([builder.add("out", "relu", [builder.input("x", [null, 2], "float32")], {})]), { title: 'Mine """\nimport os', licence: "MIT\\" });
    expect(source.split('"""').length).toBe(1 + 2 * 3);
    expect(source.split("\n").filter((line) => line.startsWith("import os"))).toEqual([]);
  });
});
