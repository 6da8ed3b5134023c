/** Layer paths from the names that exporters give to ONNX nodes and weights. It sees one name at a time; who makes names unique is the reading. */
import { parentPath } from "../../graph/paths.ts";
import { layerPath } from "../layer-names.ts";

/** `/layer1/layer1.0/conv1/Conv` -> `layer1/0/conv1/Conv`, `bert.encoder.weight` -> `bert/encoder/weight`, `dense/MatMul:0` -> `dense/MatMul` */
export function cleanName(name: string): string {
  const segments = name.replace(/:0$/, "").replaceAll("::", "_").split("/");
  // PyTorch repeats a list's name before the index of its element.
  const shortened = segments.map((segment, i) => (i > 0 && segments[i - 1] !== "" && segment.startsWith(`${segments[i - 1]}.`) ? segment.slice((segments[i - 1] as string).length + 1) : segment));
  const clean = shortened.flatMap((segment) => segment.split(".")).map((segment) => segment.trim()).filter((segment) => segment !== "");
  return clean.length === 0 ? "unnamed" : clean.join("/");
}

/** Names that say nothing of a layer: PyTorch's `onnx::Conv_193` and `val_12`, plain numbers, constants that a tool folded. */
const anonymous = /^(onnx::.*|_?v(al)?_?\d+|\d+|initializer.*|.*const(ant)?_?(fold|value)?[_\d./:]*|.*_folded.*|tensor_?\d*)$/i;

export const isAnonymous = (name: string): boolean => anonymous.test(name);

/**
 * Path of a weight.
 * @param node path of the node that reads it, which names its layer where its own name does not.
 * @param kind what the node takes it for: `weight`, `bias`.
 */
export function weightPath(name: string, node: string, kind: string): string {
  if (/ReadVariableOp|_resource/.test(name)) return `${layerPath(cleanName(name))}/${kind}`;
  if (!isAnonymous(name)) return cleanName(name);
  const parent = parentPath(node);
  return `${parent === "" ? node : parent}/${kind}`;
}
