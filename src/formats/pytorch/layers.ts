/** Modules that are one of PyTorch's own layers: those that compute one node, of parameters that are named as PyTorch names them. */
import type { GraphNode } from "../../graph/types.ts";
import type { Shape } from "../../core/shape.ts";
import { convolutionWindow, groupsOf, sidesOf, symmetric } from "../channels-first/windows.ts";
import type { Branch } from "./branches.ts";
import { shareOfBatch } from "./expressions.ts";
import type { ModulePlan } from "./modules.ts";
import { literal, pairText } from "./python.ts";

/** Names of the parameters among the node's inputs from `from` on, as the branch calls them. */
function parametersOf({ inputs }: GraphNode, from: number, branch: Branch): string {
  const names = new Map([...branch.parameters].map(([name, parameter]) => [parameter, name]));
  return inputs.slice(from).map((input) => names.get(input) ?? "?").join();
}

/** `nn.Linear(64, 10)`, or null where the module needs a class of its own. Every layer has one input, which is the node's first but for an embedding. */
export function ownLayer({ branch, steps, inputs }: ModulePlan, shapes: ReadonlyMap<string, Shape>): string | null {
  const [step] = steps;
  if (steps.length !== 1 || step?.kind !== "node" || branch.branches.size > 0 || inputs.length !== 1) return null;
  const { node } = step;
  const names = parametersOf(node, node.op === "embedding" ? 0 : 1, branch);
  if (branch.parameters.size !== node.inputs.length - 1) return null;
  const shapeOf = (position: number): Shape => shapes.get(node.inputs[position] as string) ?? [];
  const biased = names === "weight,bias";

  switch (node.op) {
    case "conv2d":
    case "depthwiseConv2d": {
      if (!biased && names !== "weight") return null;
      const window = convolutionWindow(shapeOf(1), node.attributes);
      const padding = symmetric(sidesOf(shapeOf(0), window));
      if (padding === null) return null;
      const groups = groupsOf(shapeOf(0), shapeOf(1));
      const kernel = shapeOf(1) as readonly number[];
      const parts = [literal("in_channels", (kernel[1] as number) * groups), literal("out_channels", kernel[0] as number), literal("kernel_size", pairText(window.size)), `stride=${literal("stride", pairText(window.strides))}`];
      parts.push(`padding=${literal("padding", pairText(padding))}`);
      if (window.dilations.some((dilation) => dilation !== 1)) parts.push(`dilation=${literal("dilation", pairText(window.dilations))}`);
      if (groups !== 1) parts.push(`groups=${literal("groups", groups)}`);
      return `nn.Conv2d(${[...parts, ...(biased ? [] : ["bias=False"])].join(", ")})`;
    }
    case "matMul": {
      const kernel = shapeOf(1);
      if ((!biased && names !== "weight") || kernel.length !== 2 || !node.attributes.transposeB || node.attributes.transposeA) return null;
      return `nn.Linear(${literal("in_features", kernel[1] as number)}, ${literal("out_features", kernel[0] as number)}${biased ? "" : ", bias=False"})`;
    }
    case "embedding": {
      const [rows, width] = shapeOf(0);
      return names === "weight,?" ? `nn.Embedding(${literal("rows", rows as number)}, ${literal("width", width as number)})` : null;
    }
    case "layerNorm":
      return biased ? `nn.LayerNorm(${literal("width", shapeOf(1)[0] as number)}, eps=${literal("epsilon", node.attributes.epsilon)})` : null;
    case "batchNorm": {
      const { epsilon, momentum } = node.attributes;
      if (names !== "weight,bias,running_mean,running_var" || shapeOf(0).length !== 4) return null;
      return `nn.BatchNorm2d(${literal("channels", shapeOf(1)[0] as number)}, eps=${literal("epsilon", epsilon)}, momentum=${literal("momentum", shareOfBatch(momentum))})`;
    }
    default:
      return null;
  }
}
