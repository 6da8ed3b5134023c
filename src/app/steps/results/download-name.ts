/** What the download is called on somebody's disk. */

/** `graft-mobilenet-v3-coco.zip`; an imported model's id may hold anything, a file name may not. */
export function downloadName(model: string): string {
  const plain = model.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").replace(/^graft-/, "");
  return `graft-${plain || "model"}.zip`;
}
