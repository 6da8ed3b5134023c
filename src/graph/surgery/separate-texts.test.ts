/** Which row of the segment table each token gets: transformers' token_type_ids of `[CLS] a b [SEP] c [SEP]`. */
import { beforeAll, expect, test } from "vitest";
import { useBackend } from "../../engine/backend.ts";
import { execute } from "../../engine/execute.ts";
import { tf, type Tensor } from "../../engine/tf.ts";
import { GraphBuilder } from "../builder.ts";
import { separateTexts } from "./separate-texts.ts";

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

function embeddings(segments: number) {
  const builder = new GraphBuilder();
  const ids = builder.input("ids", [null, null], "int32");
  const words = builder.add("words", "embedding", [builder.parameter("word/weight", [10, 1]), ids], {});
  const row = builder.add("e/token_type_embeddings/out", "slice", [builder.parameter("e/token_type_embeddings/weight", [segments, 1])], { begin: [0, 0], size: [1, -1] });
  return builder.build([builder.add("sum", "add", [words, row], {})]);
}

test("what follows the first separator is the second text, the last separator too", async () => {
  const separator = 3;
  const graph = separateTexts(embeddings(2), "ids", separator);
  const values = new Map<string, Tensor>([
    ["ids", tf.tensor2d([[2, 5, 6, 3, 7, 3], [2, 5, 3, 3, 7, 3]], [2, 6], "int32")],
    ["word/weight", tf.zeros([10, 1])],
    ["e/token_type_embeddings/weight", tf.tensor2d([[10], [20]])],
  ]);
  const sum = execute(graph, values).get("sum") as Tensor;
  expect([...(await sum.data())]).toEqual([10, 10, 10, 10, 20, 20, 10, 10, 10, 20, 20, 20]);
});

test("a model of one segment stays as it is", () => {
  const graph = embeddings(1);
  expect(separateTexts(graph, "ids", 3)).toBe(graph);
});
