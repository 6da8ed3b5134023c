/** The nodes of a TensorFlow graph as model.json has them, checked, and in an order in which they can be computed. */
import { GraftError } from "../../core/errors.ts";
import type { DType } from "../../core/shape.ts";
import { JsonCursor } from "../json-cursor.ts";
import type { SliceMasks } from "./strided-slice.ts";

export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** What it reads: `name` is the first output of a node, `name:1` its second. */
  readonly inputs: readonly string[];
  readonly attr: TfAttributes;
}

/** DataType in tensorflow/core/framework/types.proto, of what TensorFlow.js knows. */
const typeNumbers: readonly (string | undefined)[] = [undefined, "DT_FLOAT", "DT_DOUBLE", "DT_INT32", "DT_UINT8", undefined, "DT_INT8", "DT_STRING", "DT_COMPLEX64", "DT_INT64", "DT_BOOL", ...new Array<undefined>(8), "DT_HALF"];

/** The attributes of a node; each has a type-tagged value such as `{ "i": "3" }`. */
class TfAttributes {
  private readonly json: JsonCursor;

  constructor(json: JsonCursor) {
    this.json = json;
  }

  private value(name: string, tag: string): JsonCursor {
    return this.json.get(name).get(tag);
  }

  number(name: string, fallback: number): number {
    return this.value(name, "f").number(fallback);
  }

  boolean(name: string, fallback: boolean): boolean {
    return this.value(name, "b").boolean(fallback);
  }

  text(name: string, fallback: string): string {
    const value = this.value(name, "s");
    return value.isMissing ? fallback : fromBase64(value);
  }

  /** `DT_FLOAT` and the like; older files have the number of the enum. */
  type(name: string): string {
    const { value } = this.value(name, "type");
    return (typeof value === "number" ? typeNumbers[value] : undefined) ?? String(value);
  }

  integer(name: string, fallback: number): number {
    const value = this.value(name, "i");
    return value.isMissing ? fallback : value.integer();
  }

  integers(name: string): readonly number[] {
    const list = this.value(name, "list").get("i");
    return list.isMissing ? [] : list.integers();
  }

  texts(name: string): readonly string[] {
    const list = this.value(name, "list").get("s");
    return list.isMissing ? [] : list.items().map(fromBase64);
  }

  /** Unknown sizes are -1; undefined where the rank is unknown too. */
  shape(name: string): readonly number[] | undefined {
    const shape = this.value(name, "shape");
    const dims = shape.get("dim");
    if (!dims.isMissing) return dims.items().map((dim) => dim.get("size").integer(-1));
    return shape.isMissing || !shape.get("unknownRank").isMissing ? undefined : [];
  }
}

/** The element type that an attribute names, as the executor reads it: a boolean is an integer of 0 or 1. */
export function dtypeOf(node: TfNode, attribute: string): DType {
  const type = node.attr.type(attribute);
  if (["DT_FLOAT", "DT_HALF", "DT_DOUBLE"].includes(type)) return "float32";
  if (["DT_INT32", "DT_INT64", "DT_INT8", "DT_UINT8", "DT_BOOL"].includes(type)) return "int32";
  throw new GraftError({ where: `node "${node.name}" (${node.op})`, what: `its type is ${type}`, wanted: "floats, integers or booleans" });
}

/** Of a StridedSlice. */
export function sliceMasks({ attr }: TfNode): SliceMasks {
  const mask = (name: string): number => attr.integer(`${name}_mask`, 0);
  return { begin: mask("begin"), end: mask("end"), ellipsis: mask("ellipsis"), newAxis: mask("new_axis"), shrinkAxis: mask("shrink_axis") };
}

function fromBase64(text: JsonCursor): string {
  try {
    return atob(text.string());
  } catch {
    throw text.wrong("a text in base64");
  }
}

/** All nodes by name. */
export function readNodes(topology: JsonCursor): ReadonlyMap<string, TfNode> {
  const nodes = new Map<string, TfNode>();
  for (const item of topology.get("node").items()) {
    const name = item.get("name").string();
    const input = item.get("input");
    const where = `node "${name}"`;
    const inputs = (input.isMissing ? [] : input.items()).map((each) => each.string()).filter((each) => !each.startsWith("^"));
    if (nodes.has(name)) throw new GraftError({ where: topology.where, what: `two nodes are named "${name}"` });
    nodes.set(name, { name, op: item.get("op").string(), inputs: inputs.map(stripOutput), attr: new TfAttributes(new JsonCursor(item.get("attr").value, where)) });
  }
  return nodes;
}

/** `dense/MatMul:0` -> `dense/MatMul`; `split:value:1` -> `split:1` */
export function stripOutput(name: string): string {
  const [node = "", ...rest] = name.split(":");
  const output = rest.at(-1);
  return output === undefined || output === "0" ? node : `${node}:${output}`;
}

/** The node that a reference such as `split:1` reads. */
export function nodeOf(reference: string): string {
  return reference.split(":", 1)[0] ?? "";
}

/** The nodes that `outputs` need, in no order. @throws GraftError if one is missing. */
export function neededNodes(nodes: ReadonlyMap<string, TfNode>, outputs: readonly string[]): readonly TfNode[] {
  const needed = new Map<string, TfNode>();
  const stack = outputs.map((reference) => ({ name: nodeOf(reference), readBy: "the model's outputs" }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { name, readBy } = next;
    if (needed.has(name)) continue;
    const node = nodes.get(name);
    if (node === undefined) throw new GraftError({ where: readBy, what: `there is no node "${name}"`, next: "The file may be damaged; convert the model again." });
    needed.set(name, node);
    for (const input of node.inputs) stack.push({ name: nodeOf(input), readBy: `node "${name}"` });
  }
  return [...needed.values()];
}

/** The nodes that `outputs` need, each after its inputs. All of them exist. */
export function sortNodes(nodes: ReadonlyMap<string, TfNode>, outputs: readonly string[]): readonly TfNode[] {
  const sorted: TfNode[] = [];
  const state = new Map<string, "entered" | "done">();
  // Depth first with a stack of our own: a deep graph would overflow the call stack.
  const stack = outputs.toReversed().map(nodeOf);
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    const seen = state.get(name);
    const node = nodes.get(name) as TfNode;
    if (seen === undefined) {
      state.set(name, "entered");
      for (const input of node.inputs.map(nodeOf).toReversed()) {
        if (state.get(input) === "entered") throw new GraftError({ where: `node "${input}"`, what: "it depends on itself", wanted: "a graph without loops" });
        if (state.get(input) === undefined) stack.push(input);
      }
    } else {
      stack.pop();
      if (seen === "entered") {
        state.set(name, "done");
        sorted.push(node);
      }
    }
  }
  return sorted;
}
