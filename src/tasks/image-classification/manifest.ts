/** Image classification, as the page introduces it. */
import type { TaskManifest } from "../types.ts";

export const imageClassification: TaskManifest = {
  id: "image-classification",
  name: "Image classification",
  summary: "Tell pictures apart: a folder of images, one subfolder a class.",
  input: "image",
  defaultModel: "mobilenet-v3-coco",
};
