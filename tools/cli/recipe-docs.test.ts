import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { recipeSchema } from "../../src/protocol/recipe.ts";
import { projectRoot } from "./project.mjs";
import { recipeDocs } from "./recipe-docs.ts";

test("docs/ says what the recipe's schema says (else: npm run docs)", () => {
  const docs = Object.entries(recipeDocs());
  expect(docs.map(([path]) => path)).toEqual(["docs/recipe.md", "docs/recipe.schema.json"]);
  for (const [path, content] of docs) expect(readFileSync(join(projectRoot, path), "utf8"), path).toBe(content);
});

test("every field has a line, with its default and what it does", () => {
  const page = recipeDocs()["docs/recipe.md"];
  for (const name of Object.keys(recipeSchema.shape)) expect(page, name).toMatch(new RegExp(`^\\| \`${name}[.\`]`, "m"));
  expect(page).not.toMatch(/\|\s*\|\s*$/m);
  expect(page).toContain("| `epochs` | whole number, 1 to 1000 | `20` | How many times the model sees every training example. |");
});
