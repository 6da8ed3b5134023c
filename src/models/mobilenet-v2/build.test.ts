/** The architecture by its published size, and that each block is a layer group. What it computes: ../families.long.test.ts. */
import { expect, test } from "vitest";
import { Rng } from "../../core/rng.ts";
import { sizeOf } from "../../core/shape.ts";
import { allGroups, layerGroups } from "../../graph/layer-groups.ts";
import { inferShapes } from "../../graph/shapes.ts";
import { blocks, buildMobilenetV2, featuresName, initialiseMobilenetV2 } from "./build.ts";

/** Trainable parameters as Keras counts them (keras.applications.MobileNetV2). */
test.each([
  [1, 3_504_872, 1280],
  [1.4, 6_108_776, 1792],
])("width %d with 1000 classes has the published number of parameters", (width, want, channels) => {
  const graph = buildMobilenetV2({ width, imageSize: 224, classes: 1000 });
  const weights = graph.parameters.filter(({ role }) => role === "weight");
  expect(weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(want);
  const shapes = inferShapes(graph);
  expect(shapes.get(featuresName)).toEqual([null, 7, 7, channels]);
  expect(shapes.get(graph.outputs[0] as string)).toEqual([null, 1000]);
});

test("has its blocks as layer groups, and starts from the same finite weights for the same seed", () => {
  const graph = buildMobilenetV2({ width: 0.35, imageSize: 96, classes: 10 });
  const paths = allGroups(layerGroups(graph)).map(({ path }) => path);
  expect(blocks.length).toBe(17);
  expect(paths.filter((path) => blocks.includes(path))).toEqual(blocks);
  const first = initialiseMobilenetV2(graph, new Rng(1));
  expect(initialiseMobilenetV2(graph, new Rng(1))).toEqual(first);
  expect(initialiseMobilenetV2(graph, new Rng(2))).not.toEqual(first);
  expect([...first.keys()]).toEqual(graph.parameters.map(({ name }) => name));
  expect([...first.values()].every((values) => values.every(Number.isFinite))).toBe(true);
});
