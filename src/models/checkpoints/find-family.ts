/** Which family a config.json is of. */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { checkpointFamilies } from "./families.ts";
import type { CheckpointFamily } from "./types.ts";

/**
 * By `model_type`; in timm's configs, which have none, by what `architecture` starts with.
 * @throws GraftError with the list of those that can be read.
 */
export function familyOf(config: JsonCursor): CheckpointFamily {
  const [type, architecture] = [config.get("model_type"), config.get("architecture")];
  const known = checkpointFamilies.flatMap(({ modelTypes }) => modelTypes);
  const name = architecture.isMissing ? type.string() : architecture.string();
  const found = checkpointFamilies.find(({ modelTypes }) => modelTypes.some((candidate) => (architecture.isMissing ? candidate === name : name.startsWith(candidate))));
  if (found === undefined) throw new GraftError({ where: config.where, what: `it is of the kind "${name}"`, wanted: `one of those that Graft reads: ${[...new Set(known)].sort().join(", ")}`, next: "A model of another kind can come as ONNX." });
  return found;
}
