/** One new example through a whole model. */
import type { GraphModule } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import type { ModelInput } from "../models/types.ts";
import { softmaxRows } from "../tasks/classification/results.ts";
import { stack, type EncodedExample } from "../train/examples.ts";

/** -> [classes] */
export async function predictProbabilities(module: GraphModule, input: ModelInput, example: EncodedExample, classes: number): Promise<Float32Array> {
  const batch = stack([example], input.kind === "text" ? "int32" : "float32");
  const activations = module.runTrunk(new Map([[input.name, batch]]));
  const logits = module.runTail(activations);
  try {
    return softmaxRows((await logits.data()) as Float32Array, classes);
  } finally {
    tf.dispose([batch, logits, ...activations.values()]);
  }
}
