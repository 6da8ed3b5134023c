/** `npm run docs`: writes docs/recipe.md and docs/recipe.schema.json from the recipe's schema, and the ops in docs/formats.md. Tests keep them current. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatsDocs } from "./formats-docs.ts";
import { recipeDocs } from "./recipe-docs.ts";
import { projectRoot } from "./project.mjs";

export async function main(): Promise<void> {
  for (const [path, content] of Object.entries({ ...recipeDocs(), ...formatsDocs() })) {
    writeFileSync(join(projectRoot, path), content);
    console.log(`Wrote ${path}`);
  }
}
