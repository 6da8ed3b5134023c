/**
 * Text of Python: names and numbers. A number that may become an argument of a class, where several classes differ in nothing else,
 * is written as a mark until classes.ts has seen them all; so is the name of a variable.
 */
import type { DType } from "../../core/shape.ts";

const reserved = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield " +
    "self torch nn F math load Model abs all any bool dict filter float id input int iter len list map max min next object open pow print range round set slice str sum super tuple type zip").split(" "),
);

/** What torch.nn.Module has already. */
const moduleAttributes = new Set(
  ("T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules " +
    "mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook " +
    "register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook " +
    "requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad").split(" "),
);

/** Whether `self.<name>` can be set to a parameter or a module. */
export function isAttribute(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !reserved.has(name) && !moduleAttributes.has(name);
}

/** A name for a variable that says `wanted` as far as Python lets it. */
export function variableName(wanted: string, taken: ReadonlySet<string>): string {
  const plain = wanted.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^_+|_+$/g, "").replace(/^(?=\d)/, "v").toLowerCase() || "x";
  let name = reserved.has(plain) ? `${plain}_` : plain;
  for (let i = 2; taken.has(name); i++) name = `${plain}_${i}`;
  return name;
}

/** `layer_norm_1` -> `LayerNorm` */
export function className(wanted: string, taken: ReadonlySet<string>): string {
  const words = wanted.replace(/[_\d]+$/, "").split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const plain = words.map((word) => (word[0] as string).toUpperCase() + word.slice(1)).join("").replace(/^(?=\d)/, "Part") || "Part";
  let name = reserved.has(plain) ? `${plain}Module` : plain;
  for (let i = 2; taken.has(name); i++) name = `${plain}${i}`;
  return name;
}

/** Any text in quotes; JSON's escapes are Python's, too. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function numberText(value: number, dtype: DType = "float32"): string {
  if (Number.isNaN(value)) return 'float("nan")';
  if (!Number.isFinite(value)) return value > 0 ? 'float("inf")' : '-float("inf")';
  if (dtype === "int32") return String(value);
  return Object.is(value, -0) ? "-0.0" : Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

export function pythonBoolean(value: boolean): string {
  return value ? "True" : "False";
}

/** `(3,)`, `(3, 4)` */
export function tupleText(values: readonly (number | string)[]): string {
  return values.length === 1 ? `(${values[0]},)` : `(${values.join(", ")})`;
}

/** Nested lists, as torch.tensor takes them. */
export function tensorText(values: readonly number[], shape: readonly number[], dtype: DType): string {
  const list = (from: number, axis: number, size: number): string => {
    if (axis === shape.length) return numberText(values[from] as number, dtype);
    const count = shape[axis] as number;
    const step = count === 0 ? 0 : size / count;
    return `[${Array.from({ length: count }, (_, i) => list(from + i * step, axis + 1, step)).join(", ")}]`;
  };
  return `torch.tensor(${list(0, 0, values.length)}${dtype === "int32" ? ", dtype=torch.int32" : ""})`;
}

/** A pair of equal numbers is one number to PyTorch. */
export function pairText([first, second]: readonly [number, number]): string {
  return first === second ? String(first) : `(${first}, ${second})`;
}

// Private characters: all other text is ASCII.
const literalMark = /\uE001([^\uE002]*)\uE002([^\uE003]*)\uE003/g;
const variableMark = /\uE004(\d+)\uE005/g;

/** A value that may become an argument; `hint` is what it would be called. */
export function literal(hint: string, text: number | string): string {
  return `\uE001${hint}\uE002${text}\uE003`;
}

export function variable(index: number): string {
  return `\uE004${index}\uE005`;
}

export interface Literal {
  readonly hint: string;
  readonly text: string;
}

export function literalsOf(text: string): readonly Literal[] {
  return [...text.matchAll(literalMark)].map(([, hint, value]) => ({ hint: hint as string, text: value as string }));
}

/** `replace` gets the position of the literal in the text. */
export function replaceLiterals(text: string, replace: (literal: Literal, position: number) => string): string {
  let position = 0;
  return text.replace(literalMark, (_, hint: string, value: string) => replace({ hint, text: value }, position++));
}

export function replaceVariables(text: string, nameOf: (index: number) => string): string {
  return text.replace(variableMark, (_, index: string) => nameOf(Number(index)));
}
