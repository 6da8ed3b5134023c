/** A BERT that reads two texts is PyTorch's with transformers' token types (tools/reference/bert_pairs.py): logits, loss, every gradient. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { memory, useBackend } from "../../engine/backend.ts";
import { softmaxCrossEntropy } from "../../engine/losses.ts";
import { GraphModule } from "../../engine/module.ts";
import { tf } from "../../engine/tf.ts";
import { prune } from "../../graph/surgery/prune.ts";
import { separateTexts } from "../../graph/surgery/separate-texts.ts";
import type { Graph } from "../../graph/types.ts";
import { expectAllClose, expectClose } from "../describe-families.ts";
import { buildCheckpoint, startingWeights } from "../testing/checkpoint-problems.ts";
import goldens from "./goldens/pairs.json" with { type: "json" };

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));
const [golden] = goldens.cases as [(typeof goldens.cases)[number]];

function inputsOf(name: string): Map<string, tf.Tensor> {
  return new Map([[name, tf.tensor(golden.ids, [golden.ids.length, golden.ids[0]?.length ?? 0], "int32")]]);
}

function pairGraph(): { readonly graph: Graph; readonly name: string } {
  const { graph, input } = buildCheckpoint(golden.config);
  const separated = separateTexts(graph, input.name, golden.separatorId);
  return { graph: prune(separated, separated.outputs), name: input.name };
}

describe.each(["cpu", "wasm"] as const)("a BERT of pairs on %s", (backend) => {
  it("gives PyTorch's logits, loss and gradients, of both segments too", async () => {
    await useBackend(backend, { wasmPath });
    const before = memory();
    const { graph, name } = pairGraph();
    const module = new GraphModule({ graph, weights: startingWeights(graph.parameters, golden.starts) }, new Set(graph.parameters.map((parameter) => parameter.name)));
    const inputs = inputsOf(name);
    const labels = tf.tensor1d(golden.labels, "int32");
    const activations = module.runTrunk(inputs);
    const { loss, output, gradients } = module.gradients(activations, (logits) => softmaxCrossEntropy(logits, labels), { value: 0, tensor: null });
    expectClose("logits", output.shape, await output.data(), golden.logits, 1e-4);
    expect(await loss.data()).toBeAllClose([golden.loss], { rtol: 1e-4 });
    await expectAllClose(gradients, golden.gradients, 1e-3);
    for (const tensor of [loss, output, labels, ...inputs.values(), ...activations.values(), ...gradients.values()]) tensor.dispose();
    module.dispose();
    expect(memory()).toEqual(before);
  });
});
