/** The embedded image model: its card, and how its files become a trunk. */
import type { ModelFamily } from "../types.ts";
import { buildMobilenetV3Coco } from "./build.ts";

const folder = "models/mobilenet-v3-coco";

export const mobilenetV3Coco: ModelFamily = {
  card: {
    id: "mobilenet-v3-coco",
    name: "MobileNetV3, COCO",
    tasks: ["image-classification"],
    summary: "A small, quick convolutional network that learned to find everyday objects in photos.",
    trainedOn: "COCO 2017: 118,000 photos with 80 kinds of objects, as the trunk of a CenterNet object detector.",
    licence: "MIT (Vladimir Mandic, @vladmandic/human)",
    source: "npm package @vladmandic/human, models/centernet",
    input: "RGB images of any size from 96 pixels; the default is 160 x 160",
    goodAt: "Photos of things, animals, people, food and scenes, from some dozens of examples a class.",
    limits: "It has seen few drawings, scans or microscope pictures; unfreeze the last block for those. Fine print is lost at small sizes.",
    parameters: 1_751_064,
    downloadBytes: 4_030_290,
    origin: "embedded",
  },
  files: [`${folder}/model.json`, `${folder}/weights.bin`],
  async load(fetchFile) {
    const [json, bytes] = await Promise.all(this.files.map((file) => fetchFile(file)));
    const { model, features, blocks } = buildMobilenetV3Coco(JSON.parse(new TextDecoder().decode(json)), new Uint8Array(bytes as ArrayBuffer));
    const [input] = model.graph.inputs;
    return { model, features, blocks, input: { kind: "image", name: input?.name ?? "images" }, licence: this.card.licence };
  },
};
