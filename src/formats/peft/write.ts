/**
 * A model's adapters as PEFT keeps them: adapter_model.safetensors with upstream names and layouts, and adapter_config.json. The
 * base model and the new head are not in them. Format: huggingface.co/docs/peft, "PEFT checkpoint format".
 */
import { adapterB, isAdapter } from "../../graph/surgery/lora.ts";
import { adaptersOf } from "../../graph/surgery/merge-lora.ts";
import type { Model } from "../../graph/types.ts";
import type { StoredTensor } from "../safetensors/read.ts";
import { toUpstream, upstreamTensors, type UpstreamTensor } from "../safetensors/upstream.ts";
import { writeSafetensors } from "../safetensors/write.ts";
import { valuesOf } from "../weights.ts";

export const weightsFile = "adapter_model.safetensors";
export const configFile = "adapter_config.json";
/** What PEFT puts before the upstream names. */
export const tensorPrefix = "base_model.model.";

interface AdapterOptions {
  /** Kept for whoever looks for it. */
  readonly baseModel: string;
  /** What PEFT opens the base model for; null where it is a trunk for something of one's own. */
  readonly taskType?: "CAUSAL_LM" | null;
}

/** File name -> bytes; none for a model without adapters. */
export function writeAdapter({ graph, weights }: Model, { baseModel, taskType = null }: AdapterOptions): Record<string, Uint8Array> {
  const adapters = adaptersOf(graph);
  const [first] = adapters;
  if (first === undefined) return {};
  // A tensor's name and layout follow from the whole graph.
  const upstream = upstreamTensors(graph);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of graph.parameters) {
    if (!isAdapter(name)) continue;
    const tensor = upstream.get(name) as UpstreamTensor;
    tensors.set(`${tensorPrefix}${tensor.name}`, { shape: tensor.shape, values: toUpstream({ shape, permutation: tensor.permutation }, valuesOf(weights, name)) });
  }
  const targets = adapters.map(({ path }) => upstream.get(`${path}/${adapterB}`)?.name.slice(0, -adapterB.length - 1));
  const config = {
    peft_type: "LORA",
    task_type: taskType,
    base_model_name_or_path: baseModel,
    revision: null,
    inference_mode: true,
    r: first.rank,
    lora_alpha: Number((first.scale * first.rank).toPrecision(9)),
    lora_dropout: first.dropout,
    target_modules: [...new Set(targets)],
    modules_to_save: null,
    bias: "none",
    // Of GPT-2's Conv1D, whose weight is [in, out].
    fan_in_fan_out: adapters.every(({ product }) => product.op === "matMul" && !product.attributes.transposeB),
    init_lora_weights: true,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: {},
    alpha_pattern: {},
    use_rslora: false,
    use_dora: false,
  };
  return { [weightsFile]: writeSafetensors(tensors, { format: "pt" }), [configFile]: new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`) };
}
