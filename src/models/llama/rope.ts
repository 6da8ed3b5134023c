/** How fast each pair of a head's numbers turns with the position (Su et al., 2021), and how Llama's longer texts slow that down. */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { oneOf } from "../checkpoints/config-fields.ts";

/**
 * Half a head's width of angles per position, as transformers computes them in modeling_rope_utils.py: `rope_theta` and
 * `rope_scaling`, or both in `rope_parameters`.
 * @throws GraftError for a scaling other than none, "linear" and "llama3".
 */
export function rotaryFrequencies(config: JsonCursor, headWidth: number): readonly number[] {
  const parameters = config.get("rope_parameters");
  const theta = (parameters.get("rope_theta").isMissing ? config.get("rope_theta") : parameters.get("rope_theta")).number(10_000);
  const plain = Array.from({ length: headWidth / 2 }, (_, i) => theta ** ((-2 * i) / headWidth));
  const scaling = parameters.isMissing ? config.get("rope_scaling") : parameters;
  if (scaling.isMissing) return plain;
  const type = oneOf(scaling.get("rope_type").isMissing ? scaling.get("type") : scaling.get("rope_type"), "default", ["default", "linear", "llama3"]);
  if (type === "default") return plain;
  const factor = scaling.get("factor").number();
  if (type === "linear") return plain.map((frequency) => frequency / factor);
  return plain.map((frequency) => llama3(frequency, scaling, factor));
}

/** Slow turns, whose wave is longer than the texts of the first training, are slowed down; fast ones stay; between them it is blended. */
function llama3(frequency: number, scaling: JsonCursor, factor: number): number {
  const low = scaling.get("low_freq_factor").number();
  const high = scaling.get("high_freq_factor").number();
  const oldTokens = scaling.get("original_max_position_embeddings").integer(1);
  const wave = (2 * Math.PI) / frequency;
  if (wave < oldTokens / high) return frequency;
  if (wave > oldTokens / low) return frequency / factor;
  const share = (oldTokens / wave - low) / (high - low);
  return ((1 - share) * frequency) / factor + share * frequency;
}
