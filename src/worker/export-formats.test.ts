/** What a download holds of other formats: those that can be written, and a sentence for each that cannot. What the formats compute, their writers' tests hold. */
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../graph/builder.ts";
import { readOnnx } from "../formats/onnx/read.ts";
import { writeTfjsGraph } from "../formats/tfjs-graph/write.ts";
import type { DownloadManifest } from "./download.ts";
import { formatRows, formatSections, type FormatSource, writeFormats } from "./export-formats.ts";

function timed(tokens: number | null): FormatSource {
  const builder = new GraphBuilder();
  builder.input("x", [null, tokens, 6], "float32");
  builder.input("mask", [null, tokens], "float32");
  const model = { graph: builder.build([builder.add("encoder/timing", "addTimingSignal", ["x", "mask"], { minTimescale: 1, maxTimescale: 1e4 })]), weights: new Map() };
  const manifest: DownloadManifest = { format: "graft", version: 1, name: "timed", task: "text-classification", classes: ["a", "b"], input: { kind: "text", name: "x", maxTokens: 5, paddingId: 0 } };
  return { model, manifest, inputShapes: {}, licence: "MIT", tfjs: () => writeTfjsGraph(model), isInt8: false };
}

describe("formats of a download", () => {
  it("are those that were asked for, and the README says how to load each", () => {
    const source = timed(5);
    const { files, written, leftOut } = writeFormats(["tfjs", "pytorch", "onnx"], source);
    expect(Object.keys(files)).toEqual(["tfjs/model.json", "tfjs/weights.bin", "model.py", "model.onnx"]);
    expect(leftOut).toEqual([]);
    const readme = formatRows(written) + formatSections({ written, leftOut }, source);
    for (const part of [...Object.keys(files), "tf.loadGraphModel", "from model import load", "onnxruntime.InferenceSession", "[batch, 5], int32"]) expect(readme).toContain(part);
    expect(new TextDecoder().decode(files["model.py"])).toContain("Licence of the pre-trained model that this started from: MIT");
    expect(formatRows(["onnx"])).not.toContain("model.py");
  });

  it("leave out what a writer has no words for, by a sentence that names the node; the others are there", () => {
    const source = timed(null);
    const { files, written, leftOut } = writeFormats(["tfjs", "pytorch", "onnx"], source);
    expect(Object.keys(files)).toEqual(["model.py"]);
    expect(leftOut).toEqual([
      'TensorFlow.js model is left out: exporting node "encoder/timing": its input has the shape [?, ?, 6]. Expected a fixed size of dimension 1. Export with a fixed input size.',
      'ONNX model is left out: exporting node "encoder/timing": its input has the shape [?, ?, 6]. Expected a fixed number of tokens. Export with a fixed input size.',
    ]);
    expect(formatSections({ written, leftOut }, source)).toContain('- ONNX model is left out: exporting node "encoder/timing"');
  });

  it("have batch norms folded in ONNX, which is for running, and kept in the PyTorch source, which is for training further", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [null, 8, 8, 3], "float32");
    const conv = builder.add("conv/out", "conv2d", [x, builder.parameter("conv/weight", [3, 3, 3, 4])], { strides: [1, 1], dilations: [1, 1], padding: "same" });
    const statistics = (["weight", "bias", "running_mean", "running_var"] as const).map((name, i) => builder.parameter(`norm/${name}`, [4], { role: i < 2 ? "weight" : "statistic" }));
    const graph = builder.build([builder.add("norm/out", "batchNorm", [conv, ...statistics], { epsilon: 1e-5, momentum: 0.9 })]);
    const model = { graph, weights: new Map(graph.parameters.map(({ name, shape }) => [name, new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5)])) };
    const { files } = writeFormats(["pytorch", "onnx"], { ...timed(5), model, inputShapes: { x: [null, 8, 8, 3] } });
    expect(readOnnx(files["model.onnx"] as Uint8Array).graph.nodes.map(({ op }) => op)).not.toContain("batchNorm");
    expect(new TextDecoder().decode(files["model.py"])).toContain("BatchNorm2d");
  });

  it("have no PyTorch source beside weights in eight bits", () => {
    const { files, leftOut } = writeFormats(["pytorch", "onnx"], { ...timed(5), isInt8: true });
    expect(Object.keys(files)).toEqual(["model.onnx"]);
    expect(leftOut[0]).toMatch(/^PyTorch source is left out: model.safetensors is in eight bits/);
  });

  it("hide no bug of a writer behind a sentence", () => {
    const source = { ...timed(5), tfjs: () => { throw new TypeError("a bug"); } };
    expect(() => writeFormats(["tfjs"], source)).toThrow("a bug");
  });
});
