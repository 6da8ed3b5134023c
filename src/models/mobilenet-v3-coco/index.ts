/** The embedded image model: its card, and how its files become a trunk. */
import { parseJson } from "../../core/json.ts";
import type { ModelFamily } from "../types.ts";
import { buildMobilenetV3Coco } from "./build.ts";

const folder = "models/mobilenet-v3-coco";
const modelFile = `${folder}/model.json`;
const weightsFile = `${folder}/weights.bin`;

export const mobilenetV3Coco: ModelFamily = {
  card: {
    id: "mobilenet-v3-coco",
    name: "MobileNetV3, COCO",
    tasks: ["image-classification"],
    summary: "A small, quick convolutional network that learned to find everyday objects in photos.",
    trainedOn: "COCO 2017: 118,000 photos with 80 kinds of objects, as the trunk of a CenterNet object detector.",
    licence: "MIT (Vladimir Mandic, @vladmandic/human)",
    source: "npm package @vladmandic/human, models/centernet",
    input: "RGB images of any size from 96 pixels; the default is 224 x 224",
    goodAt: "Photos of things, animals, people, food and scenes, from some dozens of examples a class.",
    limits: "It has seen few drawings, scans or microscope pictures; unfreeze the last block for those. Fine print is lost at small sizes.",
    parameters: 1_751_064,
    downloadBytes: 4_225_800,
    origin: "embedded",
  },
  files: [modelFile, weightsFile],
  async load(fetchFile) {
    const [json, bytes] = await Promise.all([fetchFile(modelFile), fetchFile(weightsFile)]);
    const { model, features, blocks } = buildMobilenetV3Coco(parseJson(new Uint8Array(json), modelFile), new Uint8Array(bytes));
    const [input] = model.graph.inputs;
    return { model, features, blocks, input: { kind: "image", name: input?.name ?? "images" }, licence: this.card.licence };
  },
};
