/** What a download may hold beside the model as it was trained: adapters of their own, and weights in eight bits. Files, and what the README says of them. */
import { configFile, weightsFile, writeAdapter } from "../formats/peft/write.ts";
import { int8Tensors, quantise, scaledGraph, dequantised } from "../formats/quantise.ts";
import { upstreamTensorsOf } from "../formats/safetensors/upstream.ts";
import { writeSafetensors } from "../formats/safetensors/write.ts";
import { writeTfjsGraph, type TfjsGraphModel, type TfjsGraphOptions } from "../formats/tfjs-graph/write.ts";
import type { Model } from "../graph/types.ts";
import type { Int8Report, ScoreInfo } from "../protocol/run.ts";

/** Path in the zip -> bytes; none where the model has no adapters. */
export function adapterFiles(model: Model, baseModel: string): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(writeAdapter(model, { baseModel })).map(([name, bytes]) => [`adapter/${name}`, bytes]));
}

export interface StoredModel {
  readonly safetensors: Uint8Array;
  readonly tfjs: () => TfjsGraphModel;
  readonly int8?: Int8Report;
}

export function storeModel(model: Model, options: TfjsGraphOptions): StoredModel {
  // What the metadata says is how transformers knows a file for PyTorch's.
  return { safetensors: writeSafetensors(upstreamTensorsOf(model.graph, model.weights), { format: "pt" }), tfjs: () => writeTfjsGraph(model, options) };
}

/** @param scoreOf measures a model on the validation examples. */
export async function storeInt8(model: Model, options: TfjsGraphOptions, scoreOf: (model: Model) => Promise<number>): Promise<StoredModel> {
  const quantised = quantise(model);
  const safetensors = writeSafetensors(int8Tensors(model, quantised));
  const scoreBefore = await scoreOf(model);
  const scoreAfter = await scoreOf({ graph: model.graph, weights: dequantised(model.weights, quantised) });
  const bytesOf = (values: Iterable<{ readonly byteLength: number }>): number => [...values].reduce((sum, { byteLength }) => sum + byteLength, 0);
  const kept = [...model.weights].filter(([name]) => !quantised.has(name)).map(([, values]) => values);
  const bytesAfter = bytesOf(kept) + bytesOf([...quantised.values()].flatMap(({ values, scale }) => [values, scale]));
  const int8 = { scoreBefore, scoreAfter, bytesBefore: bytesOf(model.weights.values()), bytesAfter };
  return { safetensors, tfjs: () => writeTfjsGraph(scaledGraph(model, quantised), { ...options, int8: new Set(quantised.keys()) }), int8 };
}

/** Rows of the README's table of files. */
export function adapterRows(adapter: boolean): string {
  return adapter ? `| adapter/${weightsFile}, adapter/${configFile} | the adapters alone, as PEFT keeps them; everything else here has them merged |\n` : "";
}

/** Sections of the README. */
export function adapterSection(adapter: boolean): string {
  if (!adapter) return "";
  return `
## The adapters, with PEFT

For a base model that PyTorch has too, with layers of the same names. The new head is no part of an adapter: its tensors are
those named \`head\` in model.safetensors, and its logits are \`((features - center) * scale) @ kernel + bias\`.

\`\`\`python
from peft import PeftModel
model = PeftModel.from_pretrained(base, "adapter")   # base: the model that this started from
\`\`\`
`;
}

export function int8Section(int8: Int8Report | undefined, { name, isShare }: ScoreInfo): string {
  if (!int8) return "";
  const show = (score: number): string => (isShare ? `${(100 * score).toFixed(1)} %` : score.toPrecision(4));
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return `
## Eight bits

Large kernels and tables are stored in eight bits, with one scale for each output channel: ${megabytes(int8.bytesAfter)} instead of ${megabytes(int8.bytesBefore)}.
${name} of the validation examples: before ${show(int8.scoreBefore)}, after ${show(int8.scoreAfter)}. TensorFlow.js needs to know nothing of it. In model.safetensors, a tensor
\`name\` of type I8 is to be multiplied by \`name.scale\`:

\`\`\`python
kernel = weights[name].astype("float32") * weights[name + ".scale"]
\`\`\`
`;
}
