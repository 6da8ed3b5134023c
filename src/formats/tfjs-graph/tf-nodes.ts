/** The nodes of a TensorFlow graph as model.json has them, checked, and in an order in which they can be computed. */
import { GraftError } from "../../core/errors.ts";
import { JsonCursor } from "../json-cursor.ts";

export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes whose first output this reads. */
  readonly inputs: readonly string[];
  readonly attr: TfAttributes;
}

/** The attributes of a node; each has a type-tagged value such as `{ "i": "3" }`. */
export class TfAttributes {
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
    return value === 1 ? "DT_FLOAT" : value === 3 ? "DT_INT32" : String(value);
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

/** `dense/MatMul:0` -> `dense/MatMul` */
export function stripOutput(name: string): string {
  return name.replace(/:0$/, "");
}

/** The nodes that `outputs` need, each after its inputs. */
export function sortNodes(nodes: ReadonlyMap<string, TfNode>, outputs: readonly string[]): readonly TfNode[] {
  const sorted: TfNode[] = [];
  const state = new Map<string, "entered" | "done">();
  // Depth first with a stack of our own: a deep graph would overflow the call stack.
  const stack = outputs.toReversed().map((name) => ({ name, readBy: "the model's outputs" }));
  while (stack.length > 0) {
    const { name, readBy } = stack.at(-1) as { name: string; readBy: string };
    const node = nodes.get(name);
    if (node === undefined) throw missingNode(name, readBy);
    const seen = state.get(name);
    if (seen === undefined) {
      state.set(name, "entered");
      for (const input of node.inputs.toReversed()) {
        if (state.get(input) === "entered") throw new GraftError({ where: `node "${input}"`, what: "it depends on itself", wanted: "a graph without loops" });
        if (state.get(input) === undefined) stack.push({ name: input, readBy: `node "${name}"` });
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

function missingNode(name: string, readBy: string): GraftError {
  if (/:\d+$/.test(name)) return new GraftError({ where: readBy, what: `it reads "${name}", a second output of an op`, wanted: "ops with one output" });
  return new GraftError({ where: readBy, what: `there is no node "${name}"`, next: "The file may be damaged; convert the model again." });
}
