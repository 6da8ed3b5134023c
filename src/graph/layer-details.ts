/** What a layer is, in a few words made from the ops that use its parameters: `Conv 3x3, 96 → 160`. */
import { formatShape } from "../core/shape.ts";
import type { Graph, GraphNode, Parameter } from "./types.ts";

const count = (value: number | undefined): string => (value ?? 0).toLocaleString("en-US");

/** `parameters` are those of one layer. */
export function describeLayer(graph: Graph, parameters: readonly Parameter[]): string {
  const own = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const details = new Set<string>();
  for (const node of graph.nodes) {
    const used = node.inputs.map((name) => own.get(name));
    const detail = used.some((parameter) => parameter !== undefined) ? describeUse(node, used) : undefined;
    if (detail !== undefined) details.add(detail);
  }
  if (details.size > 0) return [...details].join(" + ");
  const [first] = parameters;
  if (parameters.length === 1 && first?.name.endsWith("bias")) return `Bias ${count(first.shape[0])}`;
  return `Weights ${parameters.map(({ shape }) => formatShape(shape)).join(" ")}`;
}

/** `used[i]` is the layer's parameter that is input i. A bias, a scale and the like say nothing beside the layer's main op. */
function describeUse(node: GraphNode, used: readonly (Parameter | undefined)[]): string | undefined {
  const shape = used[1]?.shape ?? [];
  switch (node.op) {
    case "conv2d":
      return used[1] && `Conv ${shape[0]}x${shape[1]}, ${count((shape[2] ?? 0) * (node.attributes.groups ?? 1))} → ${count(shape[3])}`;
    case "convTranspose2d":
      return used[1] && `Transposed conv ${shape[0]}x${shape[1]}, ${count(shape[3])} → ${count(shape[2])}`;
    case "depthwiseConv2d":
      return used[1] && `Depthwise conv ${shape[0]}x${shape[1]}, ${count(shape[2])}${shape[3] === 1 ? "" : ` × ${count(shape[3])}`}`;
    case "matMul": {
      const [rows, columns] = node.attributes.transposeB ? [shape.at(-1), shape.at(-2)] : [shape.at(-2), shape.at(-1)];
      return used[1] && `Dense ${count(rows)} → ${count(columns)}`;
    }
    case "embedding":
      return used[0] && `Embedding ${count(used[0].shape[0])} × ${count(used[0].shape[1])}`;
    case "batchNorm":
      return normDetail("Batch norm", used);
    case "layerNorm":
      return normDetail("Layer norm", used);
    case "rmsNorm":
      return normDetail("RMS norm", used);
    default:
      return undefined;
  }
}

function normDetail(kind: string, used: readonly (Parameter | undefined)[]): string {
  return `${kind} ${count(used.find((parameter) => parameter !== undefined)?.shape[0])}`;
}
