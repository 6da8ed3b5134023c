/** `npm run docs`: writes docs/recipe.md and docs/recipe.schema.json from the recipe's schema. A test keeps them current. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { recipeDocs } from "./recipe-docs.ts";
import { projectRoot } from "./project.mjs";

export async function main(): Promise<void> {
  for (const [path, content] of Object.entries(recipeDocs())) {
    writeFileSync(join(projectRoot, path), content);
    console.log(`Wrote ${path}`);
  }
}
