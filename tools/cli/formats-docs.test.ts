import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatsDocs, standardOps } from "./formats-docs.ts";
import { projectRoot } from "./project.mjs";

test("docs/formats.md lists the ops that the ONNX reader knows (else: npm run docs)", () => {
  expect(standardOps.length).toBe(193);
  expect(new Set(standardOps).size).toBe(193);
  const docs = Object.entries(formatsDocs());
  expect(docs.map(([path]) => path)).toEqual(["docs/formats.md"]);
  for (const [path, content] of docs) expect(readFileSync(join(projectRoot, path), "utf8"), path).toBe(content);
});
