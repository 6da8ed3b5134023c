/** Dropped files: every format is found out and becomes a model to start from; what is none gets a sentence. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Rng } from "../core/rng.ts";
import { writeAdapter } from "../formats/peft/write.ts";
import { writeTfjsGraph } from "../formats/tfjs-graph/write.ts";
import type { ModelFile } from "../formats/tfjs-files.ts";
import { waveWeights } from "../formats/testing/plain-tfjs.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { insertLora, isAdapter } from "../graph/surgery/lora.ts";
import { mergeLora } from "../graph/surgery/merge-lora.ts";
import { openCheckpoint } from "./checkpoints/open.ts";
import { openModelFiles } from "./open.ts";
import { fileOf, textCheckpoint } from "./testing/checkpoint-files.ts";

function onnxFile(name: string): ModelFile {
  return fileOf(`${name}.onnx`, new Uint8Array(readFileSync(fileURLToPath(new URL(`../formats/onnx/goldens/${name}.onnx`, import.meta.url)))));
}

function graphModel(): ModelFile[] {
  const builder = new GraphBuilder();
  const x = builder.input("x", [null, 8, 8, 3], "float32");
  const conv = builder.add("conv/out", "conv2d", [x, builder.parameter("conv/kernel", [3, 3, 3, 4])], { strides: [2, 2], dilations: [1, 1], padding: "same" });
  const graph = builder.build([builder.add("pool", "mean", [conv], { axes: [1, 2], keepDims: false })]);
  const { modelJson, weightData } = writeTfjsGraph({ graph, weights: waveWeights(graph) });
  return [fileOf("mine/model.json", modelJson), fileOf("mine/weights.bin", new Uint8Array(weightData))];
}

describe("dropped files", () => {
  it("are a TensorFlow.js graph model, whose constants are layers that learn", async () => {
    const { card, loaded } = await openModelFiles(graphModel());
    expect(card).toMatchObject({ id: "imported-mine", tasks: ["image-classification"], parameters: 108 });
    expect(loaded.model.graph.parameters.map(({ name }) => name)).toEqual(["conv/kernel"]);
  });

  it("are an ONNX model of token ids with its tokenizer", async () => {
    const { card, loaded } = await openModelFiles([onnxFile("encoder"), fileOf("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n##e\n##f\n")]);
    expect(card).toMatchObject({ id: "imported-encoder", tasks: ["text-classification"] });
    expect(loaded.input).toMatchObject({ kind: "text" });
    expect(loaded.model.graph.inputs).toHaveLength(1);
  });

  it("are a published checkpoint", async () => {
    expect((await openModelFiles(textCheckpoint("bert"))).card).toMatchObject({ id: "checkpoint-small", tasks: ["text-classification"] });
  });

  it("are a published checkpoint and an adapter, which is merged into its weights", async () => {
    const files = textCheckpoint("bert");
    const { loaded } = await openCheckpoint(files);
    const adapted = insertLora(loaded.model, { rank: 2, alpha: 4, dropout: 0, targets: ["**/query"] }, new Rng(1));
    const trained = { graph: adapted.graph, weights: new Map([...adapted.weights].map(([name, values]) => [name, isAdapter(name) ? Float32Array.from(values, (_, i) => 0.1 * Math.sin(i)) : values])) };
    const adapter = Object.entries(writeAdapter(trained, { baseModel: "small" })).map(([name, bytes]) => fileOf(`adapter/${name}`, bytes));
    const opened = await openModelFiles([...files, ...adapter]);
    expect(opened.card.name).toBe("small, adapted");
    const wanted = mergeLora(trained);
    expect(opened.loaded.model.graph).toEqual(wanted.graph);
    expect(opened.loaded.model.weights).toEqual(wanted.weights);
    expect(opened.loaded.model.weights).not.toEqual(loaded.model.weights);
  });

  it.each<[string, readonly ModelFile[], RegExp]>([
    ["a picture", [fileOf("cat.png", "x")], /"cat\.png" is not a model.*\.onnx/s],
    ["two ONNX files", [onnxFile("cnn"), onnxFile("mobile")], /there are 2 ONNX files.*one model at a time/s],
    ["a cut-off ONNX file", [fileOf("cut.onnx", new Uint8Array(readFileSync(fileURLToPath(new URL("../formats/onnx/goldens/cnn.onnx", import.meta.url)))).subarray(0, 300))], /cut\.onnx/],
    ["an image that is not square", [onnxFile("cnn")], /\[\?, 20, 14, 3\].*one square image/s],
    ["weights without a config", [fileOf("model.safetensors", new Uint8Array(8))], /config\.json/],
  ])("that are %s get a sentence", async (_, files, message) => {
    await expect(openModelFiles(files)).rejects.toThrow(message);
  });
});
