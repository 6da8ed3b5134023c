/** A model's id becomes a file name that every system takes. */
import { expect, it } from "vitest";
import { downloadName } from "./download-name.ts";

it("keeps a plain id and makes any other one plain", () => {
  expect(["mobilenet-v3-coco", "graft-gpt2", "imported: My Model/2", "模型"].map(downloadName)).toEqual(["graft-mobilenet-v3-coco.zip", "graft-gpt2.zip", "graft-imported-my-model-2.zip", "graft-model.zip"]);
});
