/**
 * The suite that every model family passes: its files load, its weights fit its graph, its card tells the truth, and a broken
 * file gets a sentence. What a model computes is checked by each family's own test.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { GraftError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { allGroups, layerGroups } from "../graph/layer-groups.ts";
import { inferShapes } from "../graph/shapes.ts";
import type { LoadedModel, ModelFamily } from "./types.ts";

/** @param readFile the bytes that the page embeds under a path. */
export function describeModel(family: ModelFamily, readFile: (path: string) => Uint8Array): void {
  const { card, files } = family;
  const load = (read = readFile): Promise<LoadedModel> => family.load((path) => Promise.resolve(new Uint8Array(read(path)).buffer));

  describe(card.id, () => {
    let loaded: LoadedModel;
    beforeAll(async () => {
      loaded = await load();
    });

    it("has finite weights of the right size for every parameter, and no others", () => {
      const { graph, weights } = loaded.model;
      expect([...weights.keys()].sort()).toEqual(graph.parameters.map(({ name }) => name).sort());
      for (const { name, shape } of graph.parameters) {
        const values = weights.get(name);
        expect({ name, size: values?.length }).toEqual({ name, size: sizeOf(shape) });
        expect({ name, finite: values?.every((value) => Number.isFinite(value)) }).toEqual({ name, finite: true });
      }
    });

    it("gives features that a head can read", () => {
      const shapes = inferShapes(loaded.model.graph);
      expect(shapes.size).toBeGreaterThan(loaded.model.graph.nodes.length);
      const features = shapes.get(loaded.features) ?? [];
      expect([2, 4]).toContain(features.length);
      expect(features[0]).toBeNull();
      expect(features.at(-1)).toBeGreaterThan(0);
    });

    it("has its blocks as layer groups, in flow order", () => {
      const paths = allGroups(layerGroups(loaded.model.graph)).map(({ path }) => path);
      expect(loaded.blocks.length).toBeGreaterThan(0);
      expect(paths.filter((path) => loaded.blocks.includes(path))).toEqual(loaded.blocks);
    });

    it("takes the one input that it names", () => {
      const { graph } = loaded.model;
      const { input } = loaded;
      expect(graph.inputs.map(({ name }) => name)).toEqual([input.name]);
      const [{ shape, dtype } = { shape: [], dtype: undefined }] = graph.inputs;
      if (input.kind === "image") {
        expect({ rank: shape.length, channels: shape.at(-1), dtype }).toEqual({ rank: 4, channels: 3, dtype: "float32" });
        return;
      }
      expect({ shape, dtype }).toEqual({ shape: [null, null], dtype: "int32" });
      const { tokenizer } = input;
      const ids = [...tokenizer.encode("A short message, to be read.")];
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.every((id) => id >= 0 && id < tokenizer.vocabularySize && id !== tokenizer.paddingId)).toBe(true);
      const masked = graph.nodes.filter((node) => node.op === "paddingMask").map((node) => node.attributes.paddingId);
      expect(new Set(masked)).toEqual(new Set([tokenizer.paddingId]));
      const tables = graph.nodes.filter((node) => node.op === "embedding" && node.inputs[1] === input.name).map((node) => node.inputs[0]);
      expect(tables).toHaveLength(1);
      const [rows = 0] = graph.parameters.find(({ name }) => name === tables[0])?.shape ?? [];
      expect(rows).toBeGreaterThan(Math.max(tokenizer.paddingId, tokenizer.vocabularySize - 1));
    });

    it("has a card that is complete and counts right", () => {
      for (const [field, value] of Object.entries(card)) expect({ field, empty: value === "" || value === 0 || (Array.isArray(value) && value.length === 0) }).toEqual({ field, empty: false });
      expect(card.parameters).toBe(loaded.model.graph.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
      expect(card.downloadBytes).toBe(files.reduce((sum, path) => sum + readFile(path).byteLength, 0));
      expect(card.origin).toBe("embedded");
    });

    // A page of HTML is what many servers answer for a file that they do not have.
    const broken: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
      ["cut off", (bytes) => bytes.subarray(0, bytes.byteLength >> 1)],
      ["a page of HTML", () => new TextEncoder().encode("<!doctype html><title>Not found</title>")],
    ];
    it.each(broken)("refuses any file that is %s, in a sentence", { timeout: 60_000 }, async (_, spoil) => {
      for (const path of files) {
        const error: unknown = await load((file) => (file === path ? spoil(readFile(file)) : readFile(file))).catch((reason: unknown) => reason);
        expect({ path, sentence: error instanceof GraftError, got: error instanceof Error ? error.name : "a model" }).toEqual({ path, sentence: true, got: "GraftError" });
      }
    });
  });
}
