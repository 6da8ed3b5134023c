/** The recipe's documentation, made of its schema: a table for people, and a JSON Schema for editors. */
import { defaultsByTask, recipeJsonSchema } from "../../src/protocol/recipe.ts";

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``;

/** `0 to 0.9`, `"sgd", "adam"`, `true or false` */
function values(schema: Schema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(", ");
  if (schema.anyOf) return schema.anyOf.map(values).join(", or ");
  if (schema.items) return `a list of ${schema.items.type}s`;
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "string") return "text";
  const least = schema.exclusiveMinimum !== undefined ? `above ${schema.exclusiveMinimum}` : `${schema.minimum}`;
  return `${schema.type === "integer" ? "whole number, " : ""}${least} to ${schema.maximum}`;
}

function rows(schema: Schema, prefix = "", requirement = "required"): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    const variants = [field, ...(field.anyOf ?? [])].filter(({ properties }) => properties);
    if (variants.length > 0) return variants.flatMap((variant, i) => rows(variant, `${path}.`, i === 0 ? `required with \`${path}\`` : "in place of those above"));
    const fallback = field.default !== undefined ? code(field.default) : schema.required?.includes(name) ? requirement : "none";
    return [`| \`${path}\` | ${values(field)} | ${fallback} | ${field.description ?? ""} |`];
  });
}

function page(schema: Schema): string {
  return `<!-- Made from src/protocol/recipe.ts by \`npm run docs\`. Change it there. -->
# The recipe

A recipe is one JSON document that says everything about a run. The page writes it into every download, and the command
line reads it:

    npm run tune -- --recipe recipe.json --data PATH --out DIR

\`PATH\` is a folder or zip of images (a subfolder for each class; \`train\`, \`val\` and \`test\` folders are recognised as
splits), a CSV or TSV, JSON lines, or plain texts. \`DIR\` receives \`model/\` (what the page's download holds) and \`metrics.json\`. \`--recipe\` also takes
the downloaded zip itself. \`--backend\` overrides the recipe's backend, and \`--model DIR\` starts from a TensorFlow.js layers
model of your own (\`model.json\` and its shards).

Only \`task\` and \`model\` are required, and for a CSV \`columns\` unless Graft's guess is right. Everything else has the
page's defaults. The same recipe and seed on the same backend give the same losses, bit for bit.
${Object.entries(defaultsByTask).map(([task, own]) => `\nFor \`${task}\` some defaults differ from the table's: ${code(own)}.\n`).join("")}
    { "task": "image-classification", "model": "mobilenet-v3-coco", "unfreeze": "last-block", "epochs": 10 }

    { "task": "text-classification", "model": "universal-sentence-encoder-lite", "unfreeze": "all",
      "columns": { "text": "message", "label": "category" } }

    { "task": "text-generation", "model": "graft-gpt2", "unfreeze": "all",
      "columns": { "prompt": "title", "completion": "poem" } }

[recipe.schema.json](recipe.schema.json) says the same to an editor.

| field | values | default | what it does |
|---|---|---|---|
${rows(schema).join("\n")}
`;
}

/** Path in the project -> content. */
export function recipeDocs(): Record<string, string> {
  const schema = recipeJsonSchema();
  return { "docs/recipe.md": page(schema as Schema), "docs/recipe.schema.json": `${JSON.stringify(schema, null, 2)}\n` };
}
