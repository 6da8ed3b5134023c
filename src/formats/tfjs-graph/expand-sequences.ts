/** Attention, positions and masks as TensorFlow nodes. */
import { timingSignal } from "../../graph/timing-signal.ts";
import { type Expand, type Expansion, known } from "./expansion.ts";
import { boolAttr, typeAttr } from "./node-def.ts";

export function attention(node: Expansion<"attention">): void {
  const { emit, name, inputs, attributes } = node;
  const { heads, keyValueHeads = heads } = attributes;
  const [query, key, value, mask] = inputs as [string, string, string, string];
  // [batch, tokens, width] -> [batch, heads, tokens, width / heads]
  const split = (x: string, input: number, own: number): string => {
    const shape = emit.ints(name, [-1, known(node, input, 1), own, known(node, input, 2) / own]);
    const byHead = emit.step(name, "Transpose", [emit.step(name, "Reshape", [x, shape]), emit.ints(name, [0, 2, 1, 3])]);
    if (own === heads) return byHead;
    const shared = emit.ints(name, Array.from({ length: heads }, (_, head) => Math.floor((head * own) / heads)));
    return emit.step(name, "GatherV2", [byHead, shared, emit.constant(name, [], "int32", [1])], { batch_dims: { i: "0" } });
  };
  const scaled = emit.step(name, "Mul", [query, emit.float(name, attributes.scale)]);
  const scores = emit.step(name, "BatchMatMulV2", [split(scaled, 0, heads), split(key, 1, keyValueHeads)], { adj_x: boolAttr(false), adj_y: boolAttr(true) });
  const masked = emit.step(name, "Mul", [emit.step(name, "Sub", [emit.float(name, 1), mask]), emit.float(name, -1e9)]);
  const bias = emit.step(name, "Reshape", [masked, emit.ints(name, [-1, 1, 1, known(node, 1, 1)])]);
  const biased = emit.step(name, "AddV2", [scores, bias]);
  const weights = emit.step(name, "Softmax", [attributes.causal ? emit.step(name, "AddV2", [biased, futureBias(node)]) : biased]);
  const mixed = emit.step(name, "BatchMatMulV2", [weights, split(value, 2, keyValueHeads)], { adj_x: boolAttr(false), adj_y: boolAttr(false) });
  const joined = emit.step(name, "Transpose", [mixed, emit.ints(name, [0, 2, 1, 3])]);
  emit.result(name, "Reshape", [joined, emit.ints(name, [-1, known(node, 0, 1), (known(node, 2, 2) / keyValueHeads) * heads])]);
}

/** Keeps a token from those after it: [1, 1, tokens, keyTokens], below every masked score where the key comes later. */
function futureBias(node: Expansion<"attention">): string {
  const [tokens, keyTokens] = [known(node, 0, 1), known(node, 1, 1)];
  const values = Float32Array.from({ length: tokens * keyTokens }, (_, i) => (i % keyTokens > Math.floor(i / keyTokens) ? -2e9 : 0));
  return node.emit.constant(node.name, [1, 1, tokens, keyTokens], "float32", values);
}

export function addTimingSignal(node: Expansion<"addTimingSignal">): void {
  const { emit, name, inputs, attributes } = node;
  const [x, mask] = inputs as [string, string];
  const [tokens, width] = [known(node, 0, 1), known(node, 0, 2)];
  const signal = emit.constant(name, [1, tokens, width], "float32", timingSignal(tokens, width, attributes));
  const column = emit.step(name, "ExpandDims", [mask, emit.constant(name, [], "int32", [-1])]);
  emit.result(name, "AddV2", [x, emit.step(name, "Mul", [column, signal])]);
}

export function maskedMean({ emit, name, inputs }: Expansion<"maskedMean">): void {
  const [x, mask] = inputs as [string, string];
  const column = emit.step(name, "ExpandDims", [mask, emit.constant(name, [], "int32", [-1])]);
  const sum = emit.step(name, "Sum", [emit.step(name, "Mul", [x, column]), emit.ints(name, [1])], { keep_dims: boolAttr(false) });
  const count = emit.step(name, "Sum", [mask, emit.ints(name, [1])], { keep_dims: boolAttr(true) });
  emit.result(name, "RealDiv", [sum, emit.step(name, "Maximum", [count, emit.float(name, 1)])]);
}

export const rotaryEmbedding: Expand<"rotaryEmbedding"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const { heads, frequencies } = attributes;
  const [x, positions] = inputs as [string, string];
  const half = frequencies.length;
  const column = emit.step(name, "Reshape", [emit.step(name, "Cast", [positions], { SrcT: typeAttr("int32"), DstT: typeAttr("float32") }), emit.ints(name, [-1, 1, 1])]);
  const angles = emit.step(name, "Mul", [column, emit.constant(name, [1, 1, half], "float32", frequencies)]);
  const [cos, sin] = [emit.step(name, "Cos", [angles]), emit.step(name, "Sin", [angles])];
  const byHead = emit.step(name, "Reshape", [x, emit.ints(name, [-1, heads, 2 * half])]);
  const part = (begin: number): string => emit.step(name, "Slice", [byHead, emit.ints(name, [0, 0, begin]), emit.ints(name, [-1, -1, half])]);
  const [first, second] = [part(0), part(half)];
  const times = (a: string, b: string): string => emit.step(name, "Mul", [a, b]);
  const turned = [emit.step(name, "Sub", [times(first, cos), times(second, sin)]), emit.step(name, "AddV2", [times(second, cos), times(first, sin)])];
  const joined = emit.step(name, "ConcatV2", [...turned, emit.constant(name, [], "int32", [2])], { N: { i: "2" } });
  emit.result(name, "Reshape", [joined, emit.ints(name, [-1, known(node, 0, 1), 2 * half * heads])]);
};

export const positionIds: Expand<"positionIds"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const { offset, paddingId } = attributes;
  if (paddingId === undefined) {
    const tokens = known(node, 0, 1);
    const row = emit.constant(name, [1, tokens], "int32", Array.from({ length: tokens }, (_, i) => offset + i));
    return emit.result(name, "AddV2", [emit.step(name, "ZerosLike", inputs), row]);
  }
  const padding = emit.constant(name, [], "int32", [paddingId]);
  const isToken = emit.step(name, "Cast", [emit.step(name, "NotEqual", [...inputs, padding])], { SrcT: { type: "DT_BOOL" }, DstT: typeAttr("int32") });
  const rank = emit.step(name, "Cumsum", [isToken, emit.constant(name, [], "int32", [1])], { exclusive: boolAttr(false), reverse: boolAttr(false) });
  emit.result(name, "AddV2", [emit.step(name, "Mul", [rank, isToken]), padding]);
};
