/**
 * Turns a causal language model into what writes text with it: a graph that reads a whole text, and one that reads a single token
 * more, given the keys and values of those before it (the key-value cache). No op is new: a cache is as long as its bucket and filled
 * from its end, so that one token more moves it up by one place; what stands before the text is masked. Positions and mask become inputs.
 */
import { GraftError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { GraphBuilder } from "../builder.ts";
import { inferShapes } from "../shapes.ts";
import type { Graph, GraphNode, OpName } from "../types.ts";
import { prune } from "./prune.ts";

export interface DecodingGraphs {
  /** Of both graphs: ids and positions int32 [batch, tokens], mask [batch, keys]: 1 for the text, which ends both, and 0 before it. */
  readonly inputs: { readonly ids: string; readonly positions: string; readonly mask: string };
  /** As many keys as tokens. Outputs: the last token's logits [batch, 1, vocabulary]; then, for each cache, [batch, tokens, width]. */
  readonly prefill: Graph;
  /** One token, and the caches as inputs, each [batch, keys, width]. Outputs: its logits, and the caches with it at their ends. */
  readonly step: Graph;
  /** The step's inputs, in the order of the outputs. */
  readonly caches: readonly string[];
}

type Attention = Extract<GraphNode, { readonly op: "attention" }>;

/** Ops that give each token what they make of it alone, beside those that are looked at more closely below. */
const perToken: ReadonlySet<OpName> = new Set<OpName>([
  ...(["cast", "add", "subtract", "multiply", "divide", "maximum", "minimum"] as const),
  ...(["relu", "relu6", "leakyRelu", "elu", "sigmoid", "hardSigmoid", "tanh", "silu", "gelu", "softplus", "exp", "sqrt", "square", "negate", "abs", "erf"] as const),
]);

/** Ops on the last axis, which must not be that of the tokens. */
const overLastAxis: ReadonlySet<OpName> = new Set<OpName>(["layerNorm", "rmsNorm", "l2Normalize", "softmax"]);

/**
 * @param graph reads ids [batch, tokens] of any length and gives [batch, tokens, vocabulary]; with adapters or without.
 * @throws GraftError naming what makes it something else than a causal language model whose tokens meet in attention only.
 */
export function decodingGraphs(graph: Graph): DecodingGraphs {
  const model = causalModelOf(graph);
  const names = new GraphBuilder(graph);
  const inputs = { ids: model.ids, positions: names.freeName("decode/positions"), mask: names.freeName("decode/mask") };
  const caches = model.cached.map((_, i) => names.freeName(`decode/cache_${i}`));
  return { inputs, caches, prefill: prefillGraph(model, inputs), step: stepGraph(model, inputs, caches) };
}

/** Whether `decodingGraphs` takes it. */
export function writesText(graph: Graph): boolean {
  try {
    causalModelOf(graph);
    return true;
  } catch (error) {
    if (error instanceof GraftError) return false;
    throw error;
  }
}

interface CausalModel {
  /** Without dropout and what the output does not need. */
  readonly graph: Graph;
  readonly ids: string;
  readonly output: string;
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly attentions: readonly Attention[];
  /** The attentions' keys and values, each once. */
  readonly cached: readonly string[];
}

function causalModelOf(whole: Graph): CausalModel {
  const graph = withoutDropout(prune(whole, whole.outputs));
  const wanted = "a causal language model, as those of the GPT-2 and Llama families";
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  if (graph.inputs.length !== 1 || input?.dtype !== "int32" || input.shape.length !== 2 || input.shape.some((dim) => dim !== null)) {
    throw new GraftError({ where: "writing text", what: `the model's inputs are ${graph.inputs.map(({ name, shape }) => `${name} ${formatShape(shape)}`).join(", ") || "none"}`, wanted: "one: token ids [batch, tokens] of any length" });
  }
  const shapes = inferShapes(graph);
  const scores = shapes.get(output ?? "") ?? [];
  if (graph.outputs.length !== 1 || output === undefined || scores.length !== 3 || scores[1] !== null || scores[2] === null) {
    throw new GraftError({ where: "writing text", what: `the model gives ${graph.outputs.map((name) => `${name} ${formatShape(shapes.get(name) ?? [])}`).join(", ") || "nothing"}`, wanted: `scores of every next token, [batch, tokens, vocabulary]: ${wanted}` });
  }
  const ofTokens = new Set([input.name]);
  const masks = new Set<string>();
  const rankOf = (name: string): number => (shapes.get(name) ?? []).length;
  for (const node of graph.nodes) {
    if (!node.inputs.some((name) => ofTokens.has(name))) continue;
    ofTokens.add(node.name);
    if (node.op === "paddingMask") masks.add(node.name);
    const shape = shapes.get(node.name) ?? [];
    const reason = reasonAgainst(node, { ofTokens, masks, rankOf }) ?? (shape.length < 2 || shape[0] !== null || shape[1] !== null ? `its result is ${formatShape(shape)}` : null);
    if (reason !== null) throw new GraftError({ where: `node "${node.name}" (${node.op})`, what: `${reason}, so a text cannot be continued token by token`, wanted });
  }
  const attentions = graph.nodes.filter((node) => node.op === "attention");
  if (attentions.length === 0) throw new GraftError({ where: "writing text", what: "the model has no causal attention", wanted });
  return { graph, ids: input.name, output, shapes, attentions, cached: [...new Set(attentions.flatMap(({ inputs: [, key = "", value = ""] }) => [key, value]))] };
}

interface Known {
  /** What the ids have been read into. */
  readonly ofTokens: ReadonlySet<string>;
  readonly masks: ReadonlySet<string>;
  readonly rankOf: (name: string) => number;
}

/** Why a node does not give each token what follows from it and, by causal attention, from those before it. */
function reasonAgainst(node: GraphNode, { ofTokens, masks, rankOf }: Known): string | null {
  const read = node.op === "attention" ? node.inputs.slice(0, 3) : node.inputs;
  if (read.some((name) => masks.has(name))) return "it reads the mask of the padding";
  switch (node.op) {
    case "attention":
      if (node.attributes.causal !== true) return "its tokens see those that come later";
      return masks.has(node.inputs[3] as string) && read.every((name) => ofTokens.has(name)) ? null : "its mask is not that of the padding";
    case "paddingMask":
      return null;
    case "positionIds":
      return node.attributes.paddingId === undefined ? null : "it counts padding in";
    case "matMul":
      return node.attributes.transposeA || ofTokens.has(node.inputs[1] as string) ? "it multiplies tokens by tokens" : null;
    case "slice":
      return node.attributes.begin.every((begin, axis) => axis > 1 || (begin === 0 && node.attributes.size[axis] === -1)) ? null : "it leaves tokens out";
    case "concat":
      return read.every((name) => rankOf(name) === 3) && [-1, 2].includes(node.attributes.axis) ? null : "it joins other things than a token's numbers";
    case "embedding":
    case "rotaryEmbedding":
      return null;
    default: {
      if (overLastAxis.has(node.op)) return rankOf(node.inputs[0] as string) === 3 ? null : "it compares tokens";
      const ranks = new Set(read.filter((name) => ofTokens.has(name)).map(rankOf));
      return perToken.has(node.op) && ranks.size === 1 ? null : "tokens may meet in it";
    }
  }
}

/** What is written is never trained on. */
function withoutDropout(graph: Graph): Graph {
  const instead = new Map<string, string>();
  const current = (name: string): string => instead.get(name) ?? name;
  const nodes = graph.nodes.flatMap((node) => {
    if (node.op === "dropout") instead.set(node.name, current(node.inputs[0] as string));
    return node.op === "dropout" ? [] : [{ ...node, inputs: node.inputs.map(current) }];
  });
  return { ...graph, nodes, outputs: graph.outputs.map(current) };
}

/** A builder with the inputs that both graphs have, and how each of the model's nodes is added: positions and masks are inputs now. */
function startOf({ graph }: CausalModel, inputs: DecodingGraphs["inputs"]): { readonly builder: GraphBuilder; readonly current: (name: string) => string; readonly add: (node: GraphNode) => void } {
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  builder.input(inputs.positions, [null, null], "int32");
  builder.input(inputs.mask, [null, null], "float32");
  const instead = new Map<string, string>();
  const current = (name: string): string => instead.get(name) ?? name;
  const add = (node: GraphNode): void => {
    if (node.op === "paddingMask") instead.set(node.name, inputs.mask);
    else if (node.op === "positionIds" && node.attributes.offset === 0) instead.set(node.name, inputs.positions);
    else if (node.op === "positionIds") {
      const offset = builder.add(`${node.name}/offset`, "constant", [], { shape: [], values: [node.attributes.offset], dtype: "int32" });
      builder.add(node.name, "add", [inputs.positions, offset], {});
    } else builder.add(node.name, node.op, node.inputs.map(current), node.attributes);
  };
  return { builder, current, add };
}

/** From the last attention on, only the last token is computed: nothing else is asked for. */
function prefillGraph(model: CausalModel, inputs: DecodingGraphs["inputs"]): Graph {
  const { builder, current, add } = startOf(model, inputs);
  const lasts = new Map<string, string>();
  const lastToken = (name: string): string => {
    const known = lasts.get(name);
    if (known !== undefined) return known;
    const rank = (model.shapes.get(name) ?? []).length;
    const rest = Array.from({ length: rank - 2 }, () => 0);
    const last = builder.add(builder.freeName(`${name}/last`), "stridedSlice", [current(name)], { begin: [0, -1, ...rest], end: Array.from({ length: rank }, () => null), strides: Array.from({ length: rank }, () => 1) });
    lasts.set(name, last);
    return last;
  };
  const ofTokens = new Set([model.ids]);
  const afterLast = new Set<string>();
  const end = model.attentions.at(-1) as Attention;
  for (const node of model.graph.nodes) {
    if (node.inputs.some((name) => ofTokens.has(name))) ofTokens.add(node.name);
    const [query = "", key = "", value = "", mask = ""] = node.inputs;
    if (node.name === end.name) {
      // It sees all of the text.
      builder.add(node.name, "attention", [lastToken(query), current(key), current(value), current(mask)], { ...end.attributes, causal: false });
      afterLast.add(node.name);
    } else if (node.inputs.some((name) => afterLast.has(name))) {
      const read = (name: string): string => (ofTokens.has(name) && !afterLast.has(name) ? lastToken(name) : current(name));
      builder.add(node.name, node.op, node.inputs.map(read), node.attributes);
      afterLast.add(node.name);
    } else add(node);
  }
  const logits = afterLast.has(model.output) ? model.output : lastToken(model.output);
  return prune(builder.build([]), [logits, ...model.cached]);
}

function stepGraph(model: CausalModel, inputs: DecodingGraphs["inputs"], caches: readonly string[]): Graph {
  const { builder, current, add } = startOf(model, inputs);
  for (const [i, name] of caches.entries()) builder.input(name, [null, null, model.shapes.get(model.cached[i] as string)?.at(-1) ?? null], "float32");
  const grown = new Map<string, string>();
  // Moved up by one, the oldest place falls out: it is empty, or the cache would have been lengthened.
  const withNew = (name: string): string => {
    const known = grown.get(name);
    if (known !== undefined) return known;
    const cache = caches[model.cached.indexOf(name)] as string;
    const before = builder.add(builder.freeName(`${cache}/moved`), "slice", [cache], { begin: [0, 1, 0], size: [-1, -1, -1] });
    const whole = builder.add(builder.freeName(`${cache}/grown`), "concat", [before, current(name)], { axis: 1 });
    grown.set(name, whole);
    return whole;
  };
  for (const node of model.graph.nodes) {
    if (node.op !== "attention") add(node);
    else {
      const [query, key, value] = node.inputs as [string, string, string];
      builder.add(node.name, "attention", [current(query), withNew(key), withNew(value), inputs.mask], { ...node.attributes, causal: false });
    }
  }
  return prune(builder.build([]), [model.output, ...model.cached.map(withNew)]);
}
