/** Weights out of one file and out of shards, under every name that checkpoints give them, and what is said where they do not fit. */
import { describe, expect, it } from "vitest";
import { openCheckpointTensors } from "../../formats/safetensors/shards.ts";
import { upstreamTensorsOf } from "../../formats/safetensors/upstream.ts";
import { writeSafetensors } from "../../formats/safetensors/write.ts";
import type { StoredTensor } from "../../formats/safetensors/read.ts";
import type { ModelFile } from "../../formats/tfjs-files.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph, Weights } from "../../graph/types.ts";
import { readCheckpointWeights, type CheckpointWeights } from "./weights.ts";

const place = { features: "features", basePrefix: "net.", where: "a checkpoint" };

function smallModel(): { readonly graph: Graph; readonly weights: Weights } {
  const builder = new GraphBuilder();
  let x = builder.input("images", [null, 8, 8, 3], "float32");
  x = builder.add("conv", "conv2d", [x, builder.parameter("net/stem/weight", [2, 1, 3, 4])], { strides: [1, 1], dilations: [1, 1], padding: "same" });
  x = builder.add("norm", "layerNorm", [x, builder.parameter("net/LayerNorm/weight", [4]), builder.parameter("net/LayerNorm/bias", [4])], { epsilon: 1e-6 });
  x = builder.add("features", "mean", [x], { axes: [1, 2], keepDims: false });
  const graph = builder.build([builder.add("logits", "matMul", [x, builder.parameter("classifier/weight", [5, 4])], { transposeA: false, transposeB: true })]);
  return { graph, weights: new Map(graph.parameters.map(({ name, shape }, turn) => [name, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 100 * turn)])) };
}

const file = (path: string, content: Uint8Array | object): ModelFile => ({ path, blob: new Blob([content instanceof Uint8Array ? (content as Uint8Array<ArrayBuffer>) : JSON.stringify(content)]) });
const weightFile = (tensors: Iterable<readonly [string, StoredTensor]>, name = "model.safetensors"): ModelFile => file(name, writeSafetensors(new Map(tensors)));

async function read(graph: Graph, files: readonly ModelFile[]): Promise<CheckpointWeights> {
  return readCheckpointWeights(graph, await openCheckpointTensors(files, ""), place);
}

describe("a checkpoint's weights", () => {
  const { graph, weights } = smallModel();
  const upstream = [...upstreamTensorsOf(graph, weights)];

  it("come back from the names and layouts of PyTorch", async () => {
    expect(upstream.map(([name, { shape }]) => [name, shape])).toEqual([
      ["net.stem.weight", [4, 3, 2, 1]],
      ["net.LayerNorm.weight", [4]],
      ["net.LayerNorm.bias", [4]],
      ["classifier.weight", [5, 4]],
    ]);
    expect(await read(graph, [weightFile(upstream)])).toEqual({ graph, weights, missing: [], ignored: [] });
  });

  it("are found without the trunk's prefix, and under the names of old checkpoints; what nobody needs is named", async () => {
    const renamed = upstream.map(([name, tensor]) => [name.replace(/^net\./, "").replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"), tensor] as const);
    const found = await read(graph, [weightFile([...renamed, ["pooler.weight", { shape: [1], values: Float32Array.of(1) }]])]);
    expect(found).toEqual({ graph, weights, missing: [], ignored: ["pooler.weight"] });
  });

  it("of several shards are joined", async () => {
    const index = file("model.safetensors.index.json", { weight_map: Object.fromEntries(upstream.map(([name], i) => [name, `model-0000${(i % 2) + 1}.safetensors`])) });
    const shards = [1, 2].map((shard) => weightFile(upstream.filter((_, i) => (i % 2) + 1 === shard), `model-0000${shard}.safetensors`));
    expect(await read(graph, [index, ...shards])).toEqual({ graph, weights, missing: [], ignored: [] });
    await expect(read(graph, [index, shards[0] as ModelFile])).rejects.toThrow("model.safetensors.index.json: a shard is missing: model-00002.safetensors. Add it to the files.");
    const twice = weightFile(upstream, "model-00002.safetensors");
    await expect(read(graph, [index, shards[0] as ModelFile, twice])).rejects.toThrow('model-00002.safetensors: the tensor "net.stem.weight" is in another shard too');
  });

  it.each<[string, readonly (readonly [string, StoredTensor])[]]>([
    ["no head", upstream.filter(([name]) => name !== "classifier.weight")],
    ["a head for other classes", upstream.map(([name, tensor]) => [name, name === "classifier.weight" ? { shape: [2, 4], values: new Float32Array(8) } : tensor])],
  ])("with %s are those of the trunk, which ends with the features", async (_, tensors) => {
    const found = await read(graph, [weightFile(tensors)]);
    expect(found.graph.outputs).toEqual(["features"]);
    expect([...found.weights.keys()]).toEqual(found.graph.parameters.map(({ name }) => name));
    expect(found.weights.has("classifier/weight")).toBe(false);
    expect(found.missing).toEqual(["classifier.weight"]);
  });

  it("are refused where the trunk's are missing or have another shape, with all of them in one sentence", async () => {
    const tensors = upstream.slice(1).map(([name, tensor]) => [name, name === "net.LayerNorm.bias" ? { shape: [2, 2], values: tensor.values } : tensor] as const);
    await expect(read(graph, [weightFile(tensors)])).rejects.toThrow("a checkpoint: its weights do not fit its config.json: net.stem.weight is missing, net.LayerNorm.bias is [2, 2] instead of [4]. Expected the 4 tensors of the architecture.");
  });

  it.each<[string, readonly ModelFile[], RegExp]>([
    ["nothing", [file("config.json", {})], /the dropped files: there are no weights\. Expected model\.safetensors, or/],
    ["pickled weights alone", [file("pytorch_model.bin", {})], /only pytorch_model\.bin, which Graft does not read.*save_pretrained/],
    ["shards without their list", ["a", "b"].map((name) => weightFile(upstream, `${name}.safetensors`)), /there are 2 safetensors files and no model\.safetensors\.index\.json: a\.safetensors, b\.safetensors/],
    ["a list that is none", [file("model.safetensors.index.json", { weight_map: { a: 1 } })], /"weight_map", "a": it is 1\. Expected a text/],
  ])("cannot come from %s", async (_, files, message) => {
    await expect(read(graph, files)).rejects.toThrow(message);
  });

  it("may be in a file of any name if there is no other", async () => {
    expect((await read(graph, [weightFile(upstream, "my-model.safetensors")])).missing).toEqual([]);
  });
});
