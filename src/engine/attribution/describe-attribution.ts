/** The suite for integrated gradients, on every backend: PyTorch's numbers, and what they must add up to. */
import { beforeAll, describe, expect, it } from "vitest";
import type { BackendName } from "../../core/backends.ts";
import { CancelledError } from "../../core/errors.ts";
import "../../core/testing/to-be-all-close.ts";
import { checkpointCases, checkpointProblem } from "../../models/testing/checkpoint-problems.ts";
import { memory, useBackend } from "../backend.ts";
import { GraphModule } from "../module.ts";
import goldens from "./goldens/attribution.json" with { type: "json" };
import { integratedGradients, type AttributionOptions } from "./integrated-gradients.ts";
import { logOddsOf } from "./outputs.ts";

interface Ready {
  readonly module: GraphModule;
  readonly ids: Int32Array;
  readonly options: AttributionOptions;
}

/** @param trained whether the parameters are variables, as while training, or constants. */
function ready(name: string, { row, trained }: { readonly row: number; readonly trained: boolean }): Ready {
  const golden = checkpointCases.find((candidate) => candidate.name === name);
  if (!golden || !("tokens" in golden)) throw new Error(`There is no text model ${name}.`);
  const problem = checkpointProblem(golden);
  const { input } = problem.batch(0);
  const { tokens } = golden;
  const ids = (input.data as Int32Array).slice(row * tokens, (row + 1) * tokens);
  const paddingId = name === "roberta" ? 1 : 0;
  const module = new GraphModule(problem, new Set(trained ? problem.graph.parameters.map((parameter) => parameter.name) : []));
  return { module, ids, options: { inputName: problem.inputName, outputOf: logOddsOf(1), moves: (place) => place > 0 && ids[place] !== paddingId } };
}

/** Registers the suite on one backend. */
export function describeAttribution(backend: BackendName, wasmPath: string): void {
  describe(`integrated gradients on ${backend}`, () => {
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
    });

    it("has goldens of three families, of a whole text and of a padded one", () => {
      expect(goldens.cases.map(({ name, texts }) => [name, texts.length])).toEqual([["bert", 2], ["roberta", 2], ["distilbert", 2]]);
    });

    it.each(goldens.cases.flatMap(({ name, texts }) => texts.map((golden) => [name, golden.row, golden] as const)))("%s, text %i: PyTorch's scores, which add up", { timeout: 300_000 }, async (name, row, golden) => {
      const before = memory();
      const { module, ids, options } = ready(name, { row, trained: row === 0 });
      const within = memory();
      const { scores, output, baseline, steps } = await integratedGradients(module, ids, { ...options, steps: 128, maximumSteps: 128 });
      expect(memory()).toEqual(within);
      module.dispose();
      expect(memory()).toEqual(before);
      expect([output, baseline]).toBeAllClose([golden.output, golden.baseline], { rtol: 1e-3 });
      expect(scores).toBeAllClose(golden.scores, { rtol: 0, atol: 1e-3 * Math.max(...golden.scores.map(Math.abs)) });
      expect(Math.abs(scores.reduce((sum, score) => sum + score, 0) - (output - baseline))).toBeLessThan(0.02 * Math.abs(output - baseline));
      expect(steps).toBe(128);
    });

    it("takes more steps where few do not add up", async () => {
      const { module, ids, options } = ready("bert", { row: 0, trained: false });
      const few = await integratedGradients(module, ids, { ...options, steps: 2, rowsAtOnce: 2, maximumSteps: 2 });
      const more = await integratedGradients(module, ids, { ...options, steps: 2, rowsAtOnce: 2 });
      const missing = ({ scores, output, baseline }: typeof few): number => Math.abs(scores.reduce((sum, score) => sum + score, 0) / (output - baseline) - 1);
      expect(few.steps).toBe(2);
      expect(missing(few)).toBeGreaterThan(0.02);
      expect(more.steps).toBeGreaterThan(2);
      expect(missing(more)).toBeLessThan(0.02);
      module.dispose();
    });

    it("leaves nothing behind when it is cancelled", async () => {
      const { module, ids, options } = ready("distilbert", { row: 0, trained: true });
      const before = memory();
      const controller = new AbortController();
      const cancelled = integratedGradients(module, ids, { ...options, signal: controller.signal });
      controller.abort();
      await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
      expect(memory()).toEqual(before);
      module.dispose();
    });
  });
}
