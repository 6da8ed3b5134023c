/** The trunk against the published graph itself, executed by plain TensorFlow.js up to the same node. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { sizeOf } from "../../core/shape.ts";
import { loadGraphModel, maxDifference, runWritten } from "../../formats/testing/plain-tfjs.ts";
import { splitAtCut } from "../../graph/cut.ts";
import { layerGroups, leavesOf } from "../../graph/layer-groups.ts";
import { inferShapes } from "../../graph/shapes.ts";
import { attachClassifierHead } from "../../graph/surgery/replace-head.ts";
import { resolveUnfreeze } from "../../graph/unfreeze.ts";
import { buildMobilenetV3Coco } from "./build.ts";

interface PublishedJson {
  readonly modelTopology: { readonly node: { readonly op: string; readonly attr: { readonly shape: { readonly shape: { readonly dim: { size: string }[] } } } }[] };
}

const folder = "node_modules/@vladmandic/human/models";
const json = JSON.parse(readFileSync(`${folder}/centernet.json`, "utf8")) as PublishedJson & Record<string, unknown>;
const bytes = new Uint8Array(readFileSync(`${folder}/centernet.bin`));
const { model, features, blocks } = buildMobilenetV3Coco(json, bytes);

beforeAll(() => tf.setBackend("cpu"));

describe("MobileNetV3 from COCO", () => {
  it("takes RGB images of any size and gives features at a 32nd of it", () => {
    expect(model.graph.inputs).toEqual([{ name: "images", shape: [null, null, null, 3], dtype: "float32" }]);
    const shape = inferShapes(model.graph, { images: [null, 160, 96, 3] }).get(features);
    expect(shape).toEqual([null, 5, 3, 480]);
  });

  it("names its layers by their place in the network", () => {
    const groups = layerGroups(model.graph);
    expect(groups.map(({ path }) => path)).toEqual(["MobilenetV3", "extern1"]);
    expect(groups[0]?.children.map(({ path }) => path)).toEqual(blocks);
    expect(leavesOf(groups).find(({ path }) => path === "MobilenetV3/expanded_conv_3/expand")?.detail).toBe("Conv 1x1, 24 → 72");
    expect(model.graph.parameters.map(({ name }) => name)).toContain("MobilenetV3/expanded_conv_3/squeeze_excite/Conv_1/bias");
  });

  it("splits before its last block, which has something to learn with", () => {
    const graph = attachClassifierHead(model.graph, { from: features, classes: 2, dropout: 0.1 });
    const trainable = resolveUnfreeze(graph, "last-block", blocks);
    expect([...trainable].every((name) => /^(MobilenetV3\/expanded_conv_14|extern1|head)\//.test(name))).toBe(true);
    const { trunk, tail } = splitAtCut(graph, trainable);
    expect(trunk.outputs).toEqual(["MobilenetV3/expanded_conv_13/add"]);
    expect(tail.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBeGreaterThan(400_000);
  });

  it("computes what the published graph computes", async () => {
    // The published graph is fully convolutional, but its placeholder insists on 512 pixels.
    const anySize = structuredClone(json);
    for (const { op, attr } of anySize.modelTopology.node) if (op === "Placeholder") for (const dim of attr.shape.shape.dim.slice(0, 3)) dim.size = "-1";
    const published = await loadGraphModel({ modelJson: anySize, weightData: bytes.slice().buffer });
    const image = tf.tidy(() => tf.range(0, 64 * 64 * 3).mul(0.013).sin().add(1).mul(127.5).reshape([1, 64, 64, 3]));
    const want = published.execute({ "tower_0/images": image }, "tower_0/extern1/hard_swish/mul_1") as tf.Tensor;
    expect(want.abs().max().dataSync()[0]).toBeGreaterThan(0.1);
    expect(maxDifference(await runWritten(model, { images: image }), want)).toBeLessThan(1e-4);
  });
});
