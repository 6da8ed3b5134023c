/** Lets a model that was trained on scaled pixels take plain ones, so that every image model's input is RGB 0..255. */
import { bindInput } from "./bind-input.ts";
import type { Graph } from "../types.ts";

export interface PixelScale {
  /** One number, or one for each channel. */
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];
}

/** The new first nodes compute `input * scale + offset`; all that read the input read that instead. */
export function rescaleInput(graph: Graph, input: string, { scale, offset }: PixelScale): Graph {
  const pixels = graph.inputs.find(({ name }) => name === input);
  if (pixels === undefined) throw new Error(`The graph has no input "${input}".`);
  return bindInput(graph, input, (builder, free) => {
    const x = builder.input(input, pixels.shape, pixels.dtype);
    const constant = (name: string, value: number | readonly number[]): string =>
      builder.add(free(name), "constant", [], typeof value === "number" ? { shape: [], values: [value], dtype: "float32" } : { shape: [value.length], values: value, dtype: "float32" });
    const scaled = builder.add(free("input/scaled"), "multiply", [x, constant("input/scale", scale)], {});
    return builder.add(free("input/shifted"), "add", [scaled, constant("input/offset", offset)], {});
  });
}
