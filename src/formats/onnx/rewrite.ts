/** Nodes that stand for several others, replaced before anything is read: functions that the file defines itself, and integer ops, which are their float forms between dequantising and quantising. */
import { GraftError } from "../../core/errors.ts";
import type { AttributeProto, FunctionProto, NodeProto } from "./messages.ts";
import { dataTypes } from "./messages.ts";

const maxNodes = 200_000;
const maxDepth = 16;

type Rewrite = (node: NodeProto, name: (step: string) => string) => readonly NodeProto[];

const op = (opType: string, inputs: readonly string[], output: string, name: string, attributes: readonly AttributeProto[] = []): NodeProto => ({ opType, inputs, outputs: [output], name, domain: "", attributes });
const input = (node: NodeProto, index: number): string => node.inputs[index] ?? "";
const output = (node: NodeProto): string => node.outputs[0] ?? "";
const attribute = (name: string, value: number): AttributeProto => ({ name, value: { kind: "int", value } });
const one = (name: string): NodeProto => op("Constant", [], name, name, [{ name: "value_float", value: { kind: "float", value: 1 } }]);
const dequantized = (from: string, scale: string, zero: string, to: string, axis = 1): NodeProto => op("DequantizeLinear", [from, scale, zero], to, to, [attribute("axis", axis)]);

export const rewrites: Readonly<Record<string, Rewrite>> = {
  /** (x, scale, zero, w, scale, zero, scale of y, zero of y, bias), the weight's scale along its outputs. */
  QLinearConv: (node, name) => {
    const bias = input(node, 8) !== "";
    return [
      dequantized(input(node, 0), input(node, 1), input(node, 2), name("x")),
      dequantized(input(node, 3), input(node, 4), input(node, 5), name("weight"), 0),
      ...(bias ? [op("Mul", [input(node, 1), input(node, 4)], name("scale"), name("scale")), dequantized(input(node, 8), name("scale"), "", name("bias"), 0)] : []),
      op("Conv", [name("x"), name("weight"), ...(bias ? [name("bias")] : [])], name("y"), node.name, node.attributes),
      op("QuantizeLinear", [name("y"), input(node, 6), input(node, 7)], output(node), name("quantize")),
    ];
  },
  QLinearMatMul: (node, name) => [
    dequantized(input(node, 0), input(node, 1), input(node, 2), name("a")),
    dequantized(input(node, 3), input(node, 4), input(node, 5), name("b")),
    op("MatMul", [name("a"), name("b")], name("y"), node.name),
    op("QuantizeLinear", [name("y"), input(node, 6), input(node, 7)], output(node), name("quantize")),
  ],
  ConvInteger: (node, name) => [
    one(name("one")),
    dequantized(input(node, 0), name("one"), input(node, 2), name("x")),
    dequantized(input(node, 1), name("one"), input(node, 3), name("weight"), 0),
    op("Conv", [name("x"), name("weight")], name("y"), node.name, node.attributes),
    op("Cast", [name("y")], output(node), name("cast"), [attribute("to", dataTypes.int32)]),
  ],
  MatMulInteger: (node, name) => [
    one(name("one")),
    dequantized(input(node, 0), name("one"), input(node, 2), name("a"), -2),
    dequantized(input(node, 1), name("one"), input(node, 3), name("b"), -1),
    op("MatMul", [name("a"), name("b")], name("y"), node.name),
    op("Cast", [name("y")], output(node), name("cast"), [attribute("to", dataTypes.int32)]),
  ],
};

/** @throws GraftError where functions call each other without end. */
export function rewriteNodes(nodes: readonly NodeProto[], functions: readonly FunctionProto[]): readonly NodeProto[] {
  const byName = new Map(functions.map((each) => [`${each.domain}.${each.name}`, each]));
  const result: NodeProto[] = [];
  const visit = (node: NodeProto, depth: number): void => {
    const called = byName.get(`${node.domain}.${node.opType}`);
    const rewrite = node.domain === "" && Object.hasOwn(rewrites, node.opType) ? rewrites[node.opType] : undefined;
    if (depth > maxDepth || result.length > maxNodes) throw new GraftError({ where: `node "${node.name}" (${node.opType})`, what: "the functions of the file call each other without end" });
    if (called !== undefined) for (const inner of inlined(node, called)) visit(inner, depth + 1);
    else if (rewrite !== undefined) result.push(...rewrite(node, (step) => `${node.name === "" ? output(node) : node.name}/${step}`));
    else result.push(node);
  };
  for (const node of nodes) visit(node, 0);
  return result;
}

/** The function's nodes with the caller's values and attributes in place of its own. */
function inlined(caller: NodeProto, called: FunctionProto): readonly NodeProto[] {
  const prefix = `${caller.name === "" ? output(caller) : caller.name}/`;
  const names = new Map<string, string>([["", ""]]);
  called.inputs.forEach((name, i) => names.set(name, caller.inputs[i] ?? ""));
  called.outputs.forEach((name, i) => names.set(name, caller.outputs[i] ?? `${prefix}${name}`));
  const rename = (name: string): string => names.get(name) ?? `${prefix}${name}`;
  const given = new Map(caller.attributes.map((each) => [each.name, each.value]));
  return called.nodes.map((node) => ({
    ...node,
    name: `${prefix}${node.name === "" ? `${node.opType}_${output(node)}` : node.name}`,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: node.attributes.flatMap((each) => {
      if (each.value.kind !== "reference") return [each];
      const value = given.get(each.value.value);
      return value === undefined ? [] : [{ name: each.name, value }];
    }),
  }));
}
