/** The architecture by its size, in both arrangements, and that each layer is a layer group. What it computes: ../families.long.test.ts. */
import { expect, test } from "vitest";
import { Rng } from "../../core/rng.ts";
import { sizeOf } from "../../core/shape.ts";
import { allGroups, layerGroups } from "../../graph/layer-groups.ts";
import { inferShapes } from "../../graph/shapes.ts";
import { blocks, buildTransformerEncoder, featuresName, initialiseTransformerEncoder } from "./build.ts";

const config = { layers: 12, width: 768, heads: 12, tokens: 512, vocabulary: 30522, classes: 2 };

/** 85 054 464 in 12 layers (BERT-base), the tables without BERT's segments, one norm, the classifier. */
test.each(["pre", "post"] as const)("with BERT-base's sizes has its number of parameters, norm %s", (norm) => {
  const graph = buildTransformerEncoder({ ...config, norm });
  const count = graph.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  expect(count).toBe(85_054_464 + (30522 + 512) * 768 + 2 * 768 + 768 * 2 + 2);
  const shapes = inferShapes(graph);
  expect(shapes.get(featuresName)).toEqual([null, 768]);
  expect(shapes.get(graph.outputs[0] as string)).toEqual([null, 2]);
});

test("has its layers as layer groups, and starts from the same weights for the same seed", () => {
  const small = { ...config, layers: 2, width: 32, heads: 4, vocabulary: 50 };
  const graph = buildTransformerEncoder(small);
  const paths = allGroups(layerGroups(graph)).map(({ path }) => path);
  expect(paths.filter((path) => blocks(small).includes(path))).toEqual(["encoder/layer_0", "encoder/layer_1"]);
  const first = initialiseTransformerEncoder(graph, new Rng(1));
  expect(initialiseTransformerEncoder(graph, new Rng(1))).toEqual(first);
  expect(initialiseTransformerEncoder(graph, new Rng(2))).not.toEqual(first);
  expect([...first.keys()]).toEqual(graph.parameters.map(({ name }) => name));
});
