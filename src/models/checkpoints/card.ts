/** What a person is told of a checkpoint: from its config.json, and from the README.md that the hub keeps beside it. */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { baseName, listed, type ModelFile } from "../../formats/tfjs-files.ts";
import type { ModelCard } from "../../protocol/models.ts";
import type { ModelInput } from "../types.ts";

interface CheckpointFacts {
  readonly config: JsonCursor;
  /** The folder of config.json; "" where it has none. */
  readonly folder: string;
  /** Those beside config.json. */
  readonly files: readonly ModelFile[];
  readonly input: ModelInput;
  /** It gives scores of every next token. */
  readonly writes: boolean;
  readonly parameters: number;
  /** Upstream names of what the file holds and the model has no place for. */
  readonly ignored: readonly string[];
}

export async function checkpointCard({ config, folder, files, input, writes, parameters, ignored }: CheckpointFacts): Promise<ModelCard> {
  const kind = config.get(config.get("architecture").isMissing ? "model_type" : "architecture").string();
  const name = folder === "" ? kind : baseName(folder);
  const readme = files.find(({ path }) => baseName(path) === "README.md");
  const facts = readme === undefined ? new Map<string, string>() : frontMatter(await readme.blob.text());
  const licence = facts.get("license_name") ?? facts.get("license");
  return {
    id: `checkpoint-${name}`,
    name,
    tasks: input.kind === "image" ? ["image-classification"] : writes ? ["text-generation", "text-classification"] : ["text-classification"],
    summary: `A published ${kind} checkpoint.`,
    trainedOn: facts.get("datasets") ?? "",
    licence: licence === undefined ? "Yours to know: its files do not say." : `${licence}, by its README.md`,
    source: folder === "" ? config.where : folder,
    input: input.kind === "image" ? `RGB images${input.size === undefined ? "" : `, ${input.size} x ${input.size}`}` : `Text, up to ${input.maxTokens} tokens`,
    goodAt: "",
    limits: `${writes ? "To write, it keeps its own head; to classify, that" : "Its head"} is replaced by a new one for your classes.${ignored.length === 0 ? "" : ` Not used of its file: ${listed(ignored)}.`}`,
    parameters,
    downloadBytes: files.filter(({ path }) => /\.(safetensors|json|txt)$/.test(path)).reduce((sum, { blob }) => sum + blob.size, 0),
    origin: "imported",
  };
}

/** `key: value` of the YAML between the first two lines of dashes, and lists below a key joined by commas. No other YAML is read. */
function frontMatter(text: string): ReadonlyMap<string, string> {
  const block = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? "";
  const facts = new Map<string, string>();
  let key = "";
  for (const line of block.split(/\r?\n/)) {
    const pair = /^(\w+):\s*(.*?)\s*$/.exec(line);
    const item = /^\s*-\s*(.+?)\s*$/.exec(line)?.[1];
    if (pair) {
      key = pair[1] as string;
      if (pair[2] !== "") facts.set(key, unquoted(pair[2] as string));
    } else if (item !== undefined && key !== "") facts.set(key, [facts.get(key), unquoted(item)].filter((part) => part !== undefined).join(", "));
  }
  return facts;
}

function unquoted(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}
