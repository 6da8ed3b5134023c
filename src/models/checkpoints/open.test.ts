/** Whole checkpoints, as a person drops them: what is found, what the card says, and what is refused, down to damaged files. */
import { describe, expect, it } from "vitest";
import { GraftError } from "../../core/errors.ts";
import { Rng } from "../../core/rng.ts";
import { countRefused, mutateBytes, mutateJson } from "../../formats/testing/mutate.ts";
import type { ModelFile } from "../../formats/tfjs-files.ts";
import { inferShapes } from "../../graph/shapes.ts";
import { buildCheckpoint, checkpointCases, checkpointProblem } from "../testing/checkpoint-problems.ts";
import { caseOf, fileOf, textCheckpoint, vocabularyText, weightBytes } from "../testing/checkpoint-files.ts";
import { upstreamTensorsOf } from "../../formats/safetensors/upstream.ts";
import { writeSafetensors } from "../../formats/safetensors/write.ts";
import { openCheckpoint } from "./open.ts";

const preprocessor = { do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, image_mean: [0.5, 0.4, 0.3], image_std: [0.5, 0.25, 0.2] };

/** The files with one in another's place, or one more, or one less. */
function changed(files: readonly ModelFile[], name: string, content?: Uint8Array | string | object): readonly ModelFile[] {
  const path = `small/${name}`;
  const others = files.filter((file) => file.path !== path);
  return content === undefined ? others : [...others, fileOf(path, content)];
}

function resnet(): readonly ModelFile[] {
  const golden = caseOf("resnet, basic");
  return [fileOf("small/config.json", golden.config), fileOf("small/model.safetensors", weightBytes(golden)), fileOf("small/preprocessor_config.json", preprocessor)];
}

describe("a text checkpoint", () => {
  it("says on its card what of the file is not used", async () => {
    const { graph, weights } = checkpointProblem(caseOf("bert"));
    const bytes = writeSafetensors(new Map([...upstreamTensorsOf(graph, weights), ["cls.extra.weight", { shape: [1], values: Float32Array.of(1) }]]));
    const files = textCheckpoint("bert").map((file) => (file.path.endsWith(".safetensors") ? fileOf(file.path, bytes) : file));
    expect((await openCheckpoint(files)).card.limits).toMatch(/Not used of its file: cls\.extra\.weight\.$/);
  });

  it("becomes the family's graph with the file's weights and tokenizer, and a card", async () => {
    const { graph, weights } = checkpointProblem(caseOf("bert"));
    const readme = fileOf("small/README.md", "---\nlicense: apache-2.0\ndatasets:\n- wikipedia\n- 'bookcorpus'\n---\n# A model\nlicense: none\n");
    const files = [...textCheckpoint("bert"), readme, fileOf("small/onnx/config.json", {}), fileOf("small/onnx/model.onnx", "x")];
    const { card, loaded, report } = await openCheckpoint(files);
    expect(loaded.model.weights).toEqual(weights);
    expect(loaded.model.graph.outputs).toEqual(graph.outputs);
    expect(report).toEqual({ missing: [], ignored: [] });
    expect(card).toMatchObject({ id: "checkpoint-small", name: "small", tasks: ["text-classification"], licence: "apache-2.0, by its README.md", trainedOn: "wikipedia, bookcorpus", source: "small", input: "Text, up to 16 tokens", parameters: 11_315, origin: "imported" });
    expect(loaded.licence).toBe(card.licence);
    expect(inferShapes(loaded.model.graph).get(loaded.features)).toEqual([null, 24]);
    expect(loaded.blocks).toHaveLength(2);
    if (loaded.input.kind !== "text") throw new Error("It is a text model.");
    const { tokenizer, tokenizerFiles } = loaded.input;
    expect(tokenizer.pieces("A bad film")).toEqual(["[CLS]", "a", "bad", "film", "[SEP]"]);
    expect(tokenizer.paddingId).toBe(0);
    expect(Object.keys(tokenizerFiles)).toEqual(["tokenizer.json", "tokenizer_config.json"]);
  });

  it("reads the tokenizer.json that it had once written, and drops tokens that the model has no row for", async () => {
    const first = await openCheckpoint(textCheckpoint("bert"));
    if (first.loaded.input.kind !== "text") throw new Error("It is a text model.");
    const json = first.loaded.input.tokenizerFiles["tokenizer.json"] as { readonly added_tokens: readonly object[] };
    const files = changed(changed(textCheckpoint("bert"), "vocab.txt"), "tokenizer.json", { ...json, added_tokens: [...json.added_tokens, { id: 50, content: "<more>", special: true }] });
    const { loaded } = await openCheckpoint(files);
    if (loaded.input.kind !== "text") throw new Error("It is a text model.");
    expect(loaded.input.tokenizerFiles["tokenizer.json"]).toEqual(json);
    expect([...loaded.input.tokenizer.encode("a bad film")]).toEqual([...first.loaded.input.tokenizer.encode("a bad film")]);
  });

  it.each<[string, () => readonly ModelFile[], string]>([
    ["an unknown kind", () => changed(textCheckpoint("bert"), "config.json", { model_type: "t5" }), 'small/config.json: it is of the kind "t5". Expected one of those that Graft reads: bert, camembert, convnext, deit, distilbert, gpt2, llama, mistral, '],
    ["no kind", () => changed(textCheckpoint("bert"), "config.json", {}), 'small/config.json, "model_type": it is missing. Expected a text.'],
    ["no config", () => changed(textCheckpoint("bert"), "config.json"), "The dropped files: there is no config.json among them."],
    ["two models", () => [...textCheckpoint("bert"), fileOf("other/config.json", {})], "The dropped files: there are 2 models: small/config.json, other/config.json."],
    ["no tokenizer", () => changed(textCheckpoint("bert"), "vocab.txt"), "small/config.json: there is no tokenizer beside it. Expected tokenizer.json, or vocab.txt."],
    ["a tokenizer of another model", () => changed(textCheckpoint("bert"), "vocab.txt", `${vocabularyText}more\nand more\n`), "it has the id 50, the model has 50 tokens."],
    ["weights of another model", () => changed(textCheckpoint("bert"), "model.safetensors", weightBytes(caseOf("distilbert"))), "small/config.json: its weights do not fit its config.json: bert.embeddings.word_embeddings.weight is missing, "],
    ["no weights", () => changed(textCheckpoint("bert"), "model.safetensors"), "small: there are no weights."],
  ])("is refused with a sentence: %s", async (_, files, message) => {
    await expect(openCheckpoint(files())).rejects.toThrow(message);
    await expect(openCheckpoint(files())).rejects.toBeInstanceOf(GraftError);
  });
});

describe("an image checkpoint", () => {
  it("takes RGB 0..255: how the model wants its pixels is part of the graph", async () => {
    const { loaded, card } = await openCheckpoint(resnet());
    const { graph } = loaded.model;
    expect(loaded.input).toEqual({ kind: "image", name: "pixel_values", size: undefined });
    expect(card).toMatchObject({ tasks: ["image-classification"], input: "RGB images", licence: "Yours to know: its files do not say." });
    const constants = new Map(graph.nodes.flatMap((node) => (node.op === "constant" ? [[node.name, node.attributes.values] as const] : [])));
    const [scale, offset] = [constants.get("input/scale") ?? [], constants.get("input/offset") ?? []];
    const of = (pixel: number): readonly number[] => scale.map((value, channel) => pixel * value + (offset[channel] as number));
    expect(of(255).map((value) => value.toFixed(6))).toEqual(["1.000000", "2.400000", "3.500000"]);
    expect(of(0).map((value) => value.toFixed(6))).toEqual(["-1.000000", "-1.600000", "-1.500000"]);
    expect(graph.nodes.filter(({ inputs }) => inputs.includes("pixel_values")).map(({ name }) => name)).toEqual(["input/scaled"]);
    expect(inferShapes(graph, { pixel_values: [null, 32, 32, 3] }).get(loaded.features)?.at(-1)).toBe(16);
  });

  it("of timm has its numbers in config.json", async () => {
    const golden = caseOf("mobilenet-v3");
    const config = { ...golden.config, pretrained_cfg: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } };
    const { loaded } = await openCheckpoint([fileOf("config.json", config), fileOf("model.safetensors", weightBytes(golden))]);
    const scale = loaded.model.graph.nodes.find(({ name }) => name === "input/scale");
    expect(scale?.attributes).toMatchObject({ values: [1 / 255 / 0.229, 1 / 255 / 0.224, 1 / 255 / 0.225] });
  });

  it.each<[string, object | undefined, string]>([
    ["no preprocessor_config.json", undefined, "there is no preprocessor_config.json beside it, so the range of its pixels is not known"],
    ["one mean", { ...preprocessor, image_mean: [0.5] }, '"image_mean": it is [0.5]. Expected a number for each'],
    ["no deviation", { ...preprocessor, image_std: [0, 1, 1] }, '"image_std": it is [0,1,1]. Expected a number above 0'],
    ["blue first", { ...preprocessor, do_flip_channel_order: true }, '"do_flip_channel_order": it is true. Expected false.'],
  ])("is refused with a sentence: %s", async (_, config, message) => {
    await expect(openCheckpoint(changed(resnet(), "preprocessor_config.json", config))).rejects.toThrow(message);
  });

  it("may want its pixels as they are, or only rescaled", async () => {
    const scaleOf = async (config: object): Promise<unknown> => (await openCheckpoint(changed(resnet(), "preprocessor_config.json", config))).loaded.model.graph.nodes.find(({ name }) => name === "input/scale")?.attributes;
    expect(await scaleOf({ do_normalize: false })).toMatchObject({ shape: [], values: [1 / 255] });
    expect(await scaleOf({ do_rescale: false, do_normalize: false })).toMatchObject({ values: [1] });
  });
});

describe("damaged checkpoints", () => {
  const text = textCheckpoint("distilbert");
  const index = { metadata: { total_size: 1 }, weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } };
  const sources: readonly (readonly [string, (rng: Rng) => readonly ModelFile[]])[] = [
    ["config.json", (rng) => changed(text, "config.json", mutateJson(caseOf("distilbert").config, rng) as object)],
    ["model.safetensors", (rng) => changed(text, "model.safetensors", mutateBytes(weightBytes(caseOf("distilbert")), rng))],
    ["model.safetensors.index.json", (rng) => changed(changed(text, "model.safetensors"), "model.safetensors.index.json", mutateJson(index, rng) as object)],
    ["vocab.txt", (rng) => changed(text, "vocab.txt", mutateBytes(new TextEncoder().encode(vocabularyText), rng))],
    ["tokenizer_config.json", (rng) => changed(text, "tokenizer_config.json", mutateJson({ do_lower_case: true, strip_accents: null }, rng) as object)],
    ["preprocessor_config.json", (rng) => changed(resnet(), "preprocessor_config.json", mutateJson(preprocessor, rng) as object)],
  ];

  it.each(sources)("load or are refused with a sentence within a second: %s", { timeout: 120_000 }, async (name, make) => {
    let refused = 0;
    let loaded = 0;
    for (let i = 0; i < 100; i++) {
      const files = make(new Rng(5).fork(name).fork(i));
      const start = performance.now();
      try {
        await openCheckpoint(files);
        loaded++;
      } catch (error) {
        if (!(error instanceof GraftError)) throw error;
        refused++;
      }
      expect(performance.now() - start).toBeLessThan(1000);
    }
    expect({ loaded, refused, total: loaded + refused }).toMatchObject({ total: 100 });
    expect(refused).toBeGreaterThan(10);
  });

  it.each(checkpointCases.map(({ name, config }) => [name, config] as const))("build or are refused with a sentence within a second: the config of %s", (name, config) => {
    const refused = countRefused(100, 7, (rng) => {
      const start = performance.now();
      try {
        buildCheckpoint(mutateJson(config, rng.fork(name)) as object);
      } finally {
        expect(performance.now() - start).toBeLessThan(1000);
      }
    });
    expect(refused).toBeGreaterThan(5);
  });
});
