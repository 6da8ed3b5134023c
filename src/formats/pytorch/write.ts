/**
 * Writes any graph as PyTorch source: one file that a person can read, go on from, and load the weights of model.safetensors into.
 * It writes no weights; they are upstreamTensorsOf's.
 */
import type { Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import { inferDTypes, inferShapes } from "../../graph/shapes.ts";
import type { Graph, GraphNode } from "../../graph/types.ts";
import { channelsFirst } from "../channels-first/rewrite.ts";
import { branchTree, ownersOf } from "./branches.ts";
import { classesOf } from "./classes.ts";
import { type HelperName, helperNeeds, helpers } from "./helpers.ts";
import { planModule } from "./modules.ts";

export interface PytorchOptions {
  /** More precise shapes of inputs, by name. The source may hold for these sizes alone. */
  readonly inputShapes?: Readonly<Record<string, Shape>>;
  /** What the model is, in a line. */
  readonly title?: string;
  /** What the model's inputs are, and anything else to know of it: lines of the header. */
  readonly notes?: readonly string[];
  readonly licence?: string;
}

function header(graph: Graph, shapes: ReadonlyMap<string, Shape>, { title = "A model", notes = [], licence }: PytorchOptions): string {
  // Whoever wrote a class name or a licence does not end the header.
  const plain = (line: string): string => line.replace(/[\\\r\n]|"""/g, " ");
  const inputs = graph.inputs.map(({ name, dtype }) => `    ${name}: ${dtype} ${formatShape(shapes.get(name) ?? [])}`);
  const lines = [
    `${title}, as PyTorch source made by Graft.`,
    "",
    "    model = load(\"model.safetensors\")   # in evaluation mode; model.train() goes on training",
    "    outputs = model(inputs)",
    "",
    `Inputs, in this order (images have their channels last, ? is any size):`,
    ...inputs,
    ...(notes.length > 0 ? ["", ...notes] : []),
    ...(licence === undefined ? [] : ["", `Licence of the pre-trained model that this started from: ${licence}`]),
  ];
  return `"""${lines.map(plain).join("\n")}\n"""`;
}

const loader = `def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()`;

/** @returns the text of model.py; its class `Model` has the parameters of `upstreamTensors(graph)`. */
export function writePytorch(graph: Graph, options: PytorchOptions = {}): string {
  const graphShapes = inferShapes(graph, options.inputShapes);
  const { nodes, outputs, shapes, parameters } = channelsFirst(graph, graphShapes);
  const constants = new Map(nodes.filter((node): node is Extract<GraphNode, { op: "constant" }> => node.op === "constant").map((node) => [node.name, node]));
  const computed = nodes.filter(({ op }) => op !== "constant");
  const tree = branchTree(parameters);
  const division = { nodes: computed, owners: ownersOf(computed, outputs, tree), holders: tree.holders, inline: new Set(constants.keys()), outputs };
  const planned = planModule(tree.root, computed, division);
  const root = { ...planned, inputs: graph.inputs.map(({ name }) => name) };

  const used = new Set<HelperName>();
  const classes = classesOf(root, {
    parameters: new Map(graph.parameters.map((parameter) => [parameter.name, parameter])),
    shapes,
    dtypes: inferDTypes({ ...graph, nodes, outputs }),
    holders: tree.holders,
    constants,
    use: (helper) => {
      used.add(helper);
      const needed = helperNeeds[helper];
      if (needed !== undefined) used.add(needed);
      return helper;
    },
  });
  const texts = [...used].sort().map((name) => helpers[name]);
  const imports = [...(texts.some((text) => text.includes("math.")) ? ["import math", ""] : []), "import torch", "from torch import nn", "from torch.nn import functional as F"].join("\n");
  return `${[`${header(graph, graphShapes, options)}\n${imports}`, ...texts, ...classes, loader].join("\n\n\n")}\n`;
}
