/** Puts adapters that PEFT, or write.ts, has kept onto their base model. What would compute something else than plain LoRA is refused. */
import { GraftError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { adaptableLayers, addAdapters, isAdapter } from "../../graph/surgery/lora.ts";
import { suchAs } from "../../graph/patterns.ts";
import type { Model } from "../../graph/types.ts";
import { JsonCursor } from "../json-cursor.ts";
import { readSafetensors } from "../safetensors/read.ts";
import { weightsFromUpstream } from "../safetensors/upstream.ts";
import { configFile, tensorPrefix, weightsFile } from "./write.ts";

interface AdapterConfig {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
}

/**
 * @param files by name, as `writeAdapter` gives them.
 * @throws GraftError naming the setting that is not plain LoRA, a layer that the model has not, or a tensor that does not fit.
 */
export function readAdapter({ graph, weights }: Model, files: Readonly<Record<string, Uint8Array>>): Model {
  const [configBytes, weightBytes] = [configFile, weightsFile].map((name) => {
    const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
    if (bytes === undefined) throw new GraftError({ where: "the adapter", what: `${name} is missing`, wanted: `${configFile} and ${weightsFile}` });
    return bytes;
  }) as [Uint8Array, Uint8Array];
  const options = readConfig(new JsonCursor(parseJson(configBytes, configFile), configFile));
  const { tensors } = readSafetensors(weightBytes, weightsFile);

  const layerOf = new Map(adaptableLayers(graph).map((layer) => [layer.path.replaceAll("/", "."), layer]));
  const wanted = new Set([...tensors.keys()].map((name) => layerName(name, [...layerOf.keys()])));
  const layers = [...layerOf].filter(([name]) => wanted.has(name)).map(([, layer]) => layer);
  const adapted = addAdapters(graph, layers, options);
  // The adapters alone: the base's tensors are not in the file.
  const plain = new Map([...tensors].map(([name, tensor]) => [name.slice(tensorPrefix.length), tensor]));
  const values = weightsFromUpstream({ ...adapted, parameters: adapted.parameters.filter(({ name }) => isAdapter(name)) }, plain, weightsFile);
  return { graph: adapted, weights: new Map([...weights, ...values]) };
}

/** `base_model.model.encoder.layer.0.query.lora_A.weight` -> `encoder.layer.0.query` */
function layerName(tensor: string, known: readonly string[]): string {
  const match = /^base_model\.model\.(.+)\.lora_[AB]\.weight$/.exec(tensor);
  if (match === null) throw new GraftError({ where: weightsFile, what: `the tensor "${tensor}" is no part of plain LoRA`, wanted: `names such as "${tensorPrefix}encoder.layer.0.query.lora_A.weight"` });
  const name = match[1] as string;
  if (!known.includes(name)) throw new GraftError({ where: weightsFile, what: `the model has no layer "${name}" that could be adapted`, wanted: `an adapter of this very model, with layers${suchAs(known, name)}` });
  return name;
}

function readConfig(config: JsonCursor): AdapterConfig {
  const refuse = (key: string, what: string): never => {
    throw new GraftError({ where: `${configFile}, "${key}"`, what, wanted: "plain LoRA", next: "In PEFT, merge the adapter into its model and take that" });
  };
  if (config.get("peft_type").string() !== "LORA") refuse("peft_type", `it is a ${config.get("peft_type").string()} adapter`);
  if (config.get("use_rslora").boolean(false)) refuse("use_rslora", "its scale is rank-stabilised, alpha / sqrt(rank)");
  if (config.get("use_dora").boolean(false)) refuse("use_dora", "it is a DoRA adapter, which also scales the base's weights");
  if (config.get("lora_bias").boolean(false)) refuse("lora_bias", "its matrices have biases");
  if (config.get("bias").string("none") !== "none") refuse("bias", "it has learned biases of the base as well");
  for (const key of ["rank_pattern", "alpha_pattern"]) {
    const pattern = config.get(key);
    if (!pattern.isMissing && pattern.entries().length > 0) refuse(key, "its layers have different ranks or scales");
  }
  const kept = config.get("modules_to_save");
  if (!kept.isMissing && kept.items().length > 0) refuse("modules_to_save", "it replaces whole layers as well");
  const rank = config.get("r").integer(1);
  return { rank, alpha: config.get("lora_alpha").number(8), dropout: config.get("lora_dropout").number(0) };
}
