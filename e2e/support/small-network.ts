/** A small network for images of 32 pixels: a model of one's own, and one that learns within seconds on any machine. */
import { Rng } from "../../src/core/rng.ts";
import { writeOnnx } from "../../src/formats/onnx/write.ts";
import { GraphBuilder } from "../../src/graph/builder.ts";
import { initialWeights } from "../../src/models/initial-weights.ts";

/** With a classifier of its own, channels first as PyTorch exports it. */
export function onnxFile(): Uint8Array {
  const builder = new GraphBuilder();
  const conv = { dilations: [1, 1], padding: [[1, 1], [1, 1]] } as const;
  let x = builder.input("input", [null, 32, 32, 3], "float32");
  [16, 32].forEach((channels, i) => {
    const path = `features/${i}`;
    x = builder.add(`${path}/conv`, "conv2d", [x, builder.parameter(`${path}/weight`, [3, 3, i === 0 ? 3 : 16, channels])], { ...conv, strides: [2, 2] });
    x = builder.add(`${path}/relu`, "relu", [builder.add(`${path}/sum`, "add", [x, builder.parameter(`${path}/bias`, [channels])], {})], {});
  });
  x = builder.add("pool", "mean", [x], { axes: [1, 2], keepDims: false });
  const graph = builder.build([builder.add("classifier/out", "matMul", [x, builder.parameter("classifier/weight", [7, 32])], { transposeA: false, transposeB: true })]);
  const weights = initialWeights(graph, new Rng(3), ({ shape }) => Math.sqrt(2 / shape.slice(0, -1).reduce((product, size) => product * size, 1)));
  return writeOnnx({ graph, weights });
}
