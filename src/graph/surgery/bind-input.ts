/** Replaces an input of the graph by values that it computes itself, for whoever gives something else than the model asks for. */
import { GraphBuilder } from "../builder.ts";
import type { Graph } from "../types.ts";

/**
 * @param input leaves the graph's inputs, unless `make` adds one of that name; all that read it read what `make` returns instead.
 * @param make adds to a builder that has the graph's other inputs and its parameters what computes the value, and returns its name.
 *   `free` gives a name that nothing in the graph has.
 */
export function bindInput(graph: Graph, input: string, make: (builder: GraphBuilder, free: (name: string) => string) => string): Graph {
  const builder = new GraphBuilder({ ...graph, inputs: graph.inputs.filter(({ name }) => name !== input), nodes: [] });
  const whole = new GraphBuilder(graph);
  const value = make(builder, (name) => {
    const free = whole.freeName(name);
    return builder.has(free) ? builder.freeName(free) : free;
  });
  const read = (name: string): string => (name === input ? value : name);
  for (const node of graph.nodes) builder.add(node.name, node.op, node.inputs.map(read), node.attributes);
  return builder.build(graph.outputs.map(read));
}
