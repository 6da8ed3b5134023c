/** What a download says of itself: graft.json for Graft, README.md for people. */
import { whole, z } from "../core/zod.ts";
import { GraftError, printable } from "../core/errors.ts";
import { headlineOf } from "../protocol/headline.ts";
import { taskIds, textTargets, type Recipe } from "../protocol/recipe.ts";
import type { Shape } from "../core/shape.ts";
import type { ExportFormat, Int8Report, RunResults } from "../protocol/run.ts";
import { formatRows, formatSections } from "./export-formats.ts";
import { adapterRows, adapterSection, int8Section, transformersSection } from "./export-parts.ts";

const manifestSchema = z.object({
  format: z.literal("graft"),
  version: z.literal(1),
  name: z.string(),
  task: z.enum(taskIds),
  classes: z.array(z.string()),
  input: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("image"), name: z.string(), size: whole(1, 4096) }),
    z.object({ kind: z.literal("text"), name: z.string(), maxTokens: whole(1, 2 ** 24), paddingId: z.int(), endOfText: z.optional(z.array(z.int())) }),
  ]),
  /** What the outputs say; one class an example where it is not said. */
  target: z.optional(z.enum(textTargets)),
  /** Whether an example is two texts. */
  isPair: z.optional(z.boolean()),
  /** Of a model that writes: whether it learned from conversations. */
  learnedChats: z.optional(z.boolean()),
  headline: z.optional(z.object({ name: z.string(), after: z.number(), isShare: z.boolean() })),
  /** In downloads of before, in place of the headline. */
  validationAccuracy: z.optional(z.nullable(z.number())),
});
export type DownloadManifest = z.infer<typeof manifestSchema>;

export function parseManifest(value: unknown): DownloadManifest {
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new GraftError({ where: `graft.json, field "${issue?.path.join(".") ?? ""}"`, what: issue?.message ?? "not a Graft download", wanted: "a download made by Graft", next: "Download the model again" });
}

interface Described {
  readonly recipe: Recipe;
  readonly results: RunResults;
  readonly licence: string;
  readonly hasAdapter: boolean;
  /** There is a config.json, with which transformers opens the folder. */
  readonly hasConfig: boolean;
  readonly inputShapes: Readonly<Record<string, Shape>>;
  readonly int8: Int8Report | undefined;
  readonly written: readonly ExportFormat[];
  readonly leftOut: readonly string[];
}

export function describeDownload(manifest: DownloadManifest, { recipe, results, licence, hasAdapter, hasConfig, inputShapes, int8, written, leftOut }: Described): string {
  const { input, classes } = manifest;
  const { name, before, after, yardstick, isShare } = headlineOf(results.validation);
  const show = (value: number): string => (isShare ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4));
  const named = `${classes.slice(0, 12).map(printable).join(", ")}${classes.length > 12 ? ", …" : ""}`;
  const { target = "single-label" } = manifest;
  const among = classes.length === 0 ? "" : target === "regression" ? `, the number ${named}` : `, ${classes.length} ${target === "multi-label" ? "labels" : "classes"} (${named})`;
  const outputs = { "single-label": "the classes, in the order of the model's outputs", "multi-label": "the labels, in the order of the model's outputs", regression: "the name of the model's one output, which is in its own units" }[target];
  return `# ${printable(manifest.name)}

Fine-tuned with Graft in a browser tab: ${recipe.model} for ${manifest.task}${among}.
${name}: validation ${show(after)}${results.test ? `, test ${show(headlineOf(results.test).after)}` : ""}; before fine-tuning ${show(before)}${yardstick === undefined ? "" : `; a bag of words, learned from the same examples, ${show(yardstick)}`}.

## What is in here

| file | what |
|---|---|
| model.safetensors | the weights by name, ${int8 ? "row-major int8 and float32" : "as PyTorch stores them, float32"} |
${hasConfig ? "| config.json | the architecture, for transformers |\n" : ""}${formatRows(written)}${classes.length === 0 ? "" : `| labels.json | ${outputs} |\n`}| recipe.json | every setting of the run; the page and the command line take it back |
| metrics.json | the curves and the final figures |
| graft.json, graft/graph.json | what Graft needs to open this again |
${adapterRows(hasAdapter)}${input.kind === "text" ? "| tokenizer/ | the tokenizer: tokenizer.json for @huggingface/tokenizers and Python's tokenizers, or vocab.json with SentencePiece's pieces and scores |\n" : ""}
## In Graft

Choose "Open a Graft download" and drop this zip.
${formatSections({ written, leftOut }, { manifest, inputShapes })}${transformersSection(hasConfig)}
## In Python

\`\`\`python
from safetensors.numpy import load_file
weights = load_file("model.safetensors")   # {name: array}; kernels of convolutions are ${int8 ? "[height, width, in, out]" : "[out, in, height, width]"}
\`\`\`
${adapterSection(hasAdapter, recipe)}${int8Section(int8, results.info.score)}
## Licence

The pre-trained model that this started from: ${licence}
`;
}
