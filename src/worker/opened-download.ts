/** A download, opened again: the very graph and weights that the run ended with. */
import { GraftError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { readZip } from "../data/zip.ts";
import type { GeneratedText, GenerationHooks } from "../engine/generation/text-generator.ts";
import { GraphModule } from "../engine/module.ts";
import { sizeOf } from "../core/shape.ts";
import { valuesFromInt8 } from "../formats/quantise.ts";
import { graphFromJson } from "../formats/graft/graph-json.ts";
import { readSafetensors, type Safetensors } from "../formats/safetensors/read.ts";
import { weightsFromUpstream } from "../formats/safetensors/upstream.ts";
import { openTokenizer, tokenizerFileNames, tokenRows } from "../models/tokenizers/open.ts";
import type { Graph, Weights } from "../graph/types.ts";
import type { ModelInput } from "../models/types.ts";
import type { OpenedModel } from "../protocol/api.ts";
import type { SourceFile } from "../protocol/data.ts";
import type { GenerationOptions } from "../protocol/generation.ts";
import { parseRecipe, type Recipe } from "../protocol/recipe.ts";
import type { ExplainRequest, Explanation, Prediction, PredictionInput } from "../protocol/run.ts";
import { parseManifest, type DownloadManifest } from "./download.ts";
import type { Device } from "./device.ts";
import { explain, predict, type Asked } from "./predict.ts";
import { engineOf } from "../tasks/engines.ts";
import { writerOf, type Question } from "./writing.ts";

export class OpenedDownload {
  readonly description: OpenedModel;
  private readonly manifest: DownloadManifest;
  private readonly recipe: Recipe;
  private readonly input: ModelInput;
  private readonly module: GraphModule;

  private constructor(manifest: DownloadManifest, recipe: Recipe, input: ModelInput, module: GraphModule) {
    this.manifest = manifest;
    this.recipe = recipe;
    this.input = input;
    this.module = module;
    const chat = engineOf(manifest.task).chat?.(input, manifest.learnedChats ?? false);
    this.description = { name: manifest.name, task: manifest.task, classes: manifest.classes, recipe, headline: headlineOf(manifest), ...(chat && { chat }) };
  }

  /** Takes the zip, or its unpacked files. */
  static async read(files: readonly SourceFile[], device: Device): Promise<OpenedDownload> {
    const entries = await downloadEntries(files);
    const manifest = parseManifest(await jsonOf(entries, "graft.json"));
    const recipe = parseRecipe(await jsonOf(entries, "recipe.json"), "recipe.json");
    const graph = graphFromJson(await jsonOf(entries, "graft/graph.json"), "graft/graph.json");
    const { tensors, metadata } = readSafetensors(await bytesOf(entries, "model.safetensors"), "model.safetensors");
    // In eight bits, and in downloads of before, tensors have the names and layouts of the graph.
    const weights = metadata.get("format") === "pt" ? weightsFromUpstream(graph, tensors, "model.safetensors") : weightsByName(graph, tensors);
    const input = manifest.input.kind === "image" ? manifest.input : await textInput(manifest.input, graph, entries);
    await device.activateAny();
    return new OpenedDownload(manifest, recipe, input, new GraphModule({ graph, weights }, new Set()));
  }

  async predict(value: PredictionInput): Promise<Prediction> {
    return { tuned: await predict(this.module, value, this.asked) };
  }

  /** @throws CancelledError once the signal is aborted. */
  async explain(request: ExplainRequest, signal: AbortSignal): Promise<Explanation> {
    return { tuned: await explain(this.module, request, this.asked, signal) };
  }

  private get asked(): Asked {
    return { recipe: this.recipe, input: this.input, classes: this.manifest.classes };
  }

  write(question: Question, options: GenerationOptions, hooks: GenerationHooks): Promise<GeneratedText> {
    return writerOf(this.recipe, this.module, this.input, question).generate(question.prompt, options, hooks);
  }

  dispose(): void {
    this.module.dispose();
  }
}

function headlineOf({ headline, validationAccuracy }: DownloadManifest): OpenedModel["headline"] {
  if (headline) return headline;
  return typeof validationAccuracy === "number" ? { name: "Accuracy", after: validationAccuracy, isShare: true } : null;
}

async function textInput({ name, maxTokens, paddingId, endOfText }: Extract<DownloadManifest["input"], { readonly kind: "text" }>, graph: Graph, entries: Entries): Promise<ModelInput> {
  const names = tokenizerFileNames.filter((file) => entries.has(`tokenizer/${file}`));
  if (names.length === 0) throw new GraftError({ where: "tokenizer/", what: "the download holds no tokenizer", next: "Download the model again" });
  const tokenizerFiles = Object.fromEntries(await Promise.all(names.map(async (file) => [file, await jsonOf(entries, `tokenizer/${file}`)] as const)));
  return { kind: "text", name, maxTokens, tokenizer: openTokenizer(tokenizerFiles, { paddingId, rows: tokenRows(graph, name) }), tokenizerFiles, ...(endOfText && { endOfText }) };
}

function weightsByName(graph: Graph, tensors: Safetensors["tensors"]): Weights {
  return new Map(
    graph.parameters.map((parameter) => {
      const values = valuesFromInt8(tensors, parameter);
      if (values === undefined) throw new GraftError({ where: "model.safetensors", what: `the tensor "${parameter.name}" is missing or has not ${sizeOf(parameter.shape)} values`, next: "Download the model again" });
      return [parameter.name, values];
    }),
  );
}

type Entries = ReadonlyMap<string, () => Promise<Uint8Array>>;

/** Paths below the folder that holds graft.json. */
async function downloadEntries(files: readonly SourceFile[]): Promise<Entries> {
  const [first] = files;
  const all = new Map<string, () => Promise<Uint8Array>>();
  if (files.length === 1 && first && !first.path.endsWith(".json")) {
    for (const entry of (await readZip(first.blob, first.path)).entries) all.set(entry.path, () => entry.bytes());
  } else for (const { path, blob } of files) all.set(path, async () => new Uint8Array(await blob.arrayBuffer()));
  const root = [...all.keys()].find((path) => path === "graft.json" || path.endsWith("/graft.json"));
  if (root === undefined) {
    if ([...all.keys()].some((path) => path.endsWith("adapter_config.json"))) {
      throw new GraftError({ where: first?.path ?? "the files", what: "it holds adapters alone, without the model that they were grown from", wanted: "a zip that Graft's Download made with \"Adapter only\" switched off" });
    }
    throw new GraftError({ where: first?.path ?? "the files", what: "there is no graft.json in it", wanted: "a zip that Graft's Download made", next: "To fine-tune on these files, open them as data instead" });
  }
  const prefix = root.slice(0, -"graft.json".length);
  return new Map([...all].filter(([path]) => path.startsWith(prefix)).map(([path, read]) => [path.slice(prefix.length), read]));
}

async function bytesOf(entries: Entries, path: string): Promise<Uint8Array> {
  const read = entries.get(path);
  if (!read) throw new GraftError({ where: path, what: "the download does not hold it", next: "Download the model again" });
  return read();
}

async function jsonOf(entries: Entries, path: string): Promise<unknown> {
  return parseJson(await bytesOf(entries, path), path, { next: "Download the model again" });
}
