/** What a download may hold beside the model as it was trained: adapters of their own, a checkpoint's config, and weights in eight bits. Files, and what the README says of them. */
import { strToU8 } from "fflate";
import { configFile, weightsFile, writeAdapter } from "../formats/peft/write.ts";
import { int8Tensors, quantise, scaledGraph, dequantised } from "../formats/quantise.ts";
import { upstreamTensorsOf } from "../formats/safetensors/upstream.ts";
import { writeSafetensors } from "../formats/safetensors/write.ts";
import { writeTfjsGraph, type TfjsGraphModel, type TfjsGraphOptions } from "../formats/tfjs-graph/write.ts";
import type { Model } from "../graph/types.ts";
import type { LoadedModel } from "../models/types.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { Int8Report, ScoreInfo } from "../protocol/run.ts";
import { isWriting } from "./writing.ts";

export function jsonFile(value: unknown): Uint8Array {
  return strToU8(`${JSON.stringify(value, null, 2)}\n`);
}

/** What others call a model: of one from a hub, its repository. */
export function baseModelName(model: string): string {
  return /^hub:(.+)@[^@]*$/.exec(model)?.[1] ?? model;
}

/** File name -> bytes; none where the model has no adapters. */
export function adapterFiles(model: Model, recipe: Recipe): Record<string, Uint8Array> {
  return writeAdapter(model, { baseModel: baseModelName(recipe.model), taskType: isWriting(recipe) ? "CAUSAL_LM" : null });
}

/** config.json for the weights as they are stored here; undefined where nothing but Graft knows the model. */
export function checkpointConfig({ config }: Pick<LoadedModel, "config">): Record<string, unknown> | undefined {
  if (typeof config !== "object" || config === null) return undefined;
  const { quantization_config: _, dtype, ...kept } = config as Record<string, unknown>;
  return { ...kept, torch_dtype: "float32", ...(dtype !== undefined && { dtype: "float32" }) };
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

/** @param scoreOf measures a model on the validation examples; what it throws ends it. */
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

/** Writing on from a beginning, with `model` as transformers has it. */
function generationLines(tokenizerFile: string): string {
  return `tokenizer = ${tokenizerFile}
ids = tokenizer("Once upon a time", return_tensors="pt").input_ids
written = model.generate(ids, max_new_tokens=60, do_sample=True, top_p=0.95)
print(tokenizer.decode(written[0], skip_special_tokens=True))`;
}

/** Of a model that writes. */
export function transformersSection(hasConfig: boolean): string {
  if (!hasConfig) return "";
  return `
## With transformers

This folder is a checkpoint: config.json, and model.safetensors with the names that transformers knows. The tokenizer lies in a folder of its own.

\`\`\`python
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
model = AutoModelForCausalLM.from_pretrained(".")   # this folder
${generationLines('PreTrainedTokenizerFast(tokenizer_file="tokenizer/tokenizer.json")')}
\`\`\`
`;
}

/** Of a model that writes: `folder` is where the adapter's files are. */
export function causalAdapterExample(recipe: Recipe, folder: string): string {
  const base = baseModelName(recipe.model);
  return `\`\`\`python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
base = ${JSON.stringify(base)}   # the model that this started from, or its folder
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), ${JSON.stringify(folder)})
${generationLines("AutoTokenizer.from_pretrained(base)")}
\`\`\`
`;
}

/** Sections of the README. */
export function adapterSection(adapter: boolean, recipe: Recipe): string {
  if (!adapter) return "";
  if (isWriting(recipe)) return `\n## The adapters, with PEFT\n\n${causalAdapterExample(recipe, "adapter")}`;
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
