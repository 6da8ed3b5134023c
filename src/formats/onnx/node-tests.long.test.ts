/** The ONNX project's backend node tests through the reader and the engine: a table by op, and the few that fail, by name. */
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../engine/backend.ts";
import { tf } from "../../engine/tf.ts";
import { isSupported, supportedOps } from "./read.ts";
import { isFloatTest, loadNodeTests, type NodeTest, runNodeTest } from "./testing/node-tests.ts";

/** Tests of supported ops that do not pass, each with its reason. One that passes has to be taken from this list. */
const expectedFailures: Readonly<Record<string, string>> = {
  cast_BFLOAT16_to_FLOAT: "this version of the tests says that its bfloat16 are uint16",
  cast_FLOAT_to_BFLOAT16: "this version of the tests says that its bfloat16 are uint16",
  castlike_BFLOAT16_to_FLOAT: "this version of the tests says that its bfloat16 are uint16",
  castlike_BFLOAT16_to_FLOAT_expanded: "this version of the tests says that its bfloat16 are uint16",
  castlike_FLOAT_to_BFLOAT16: "this version of the tests says that its bfloat16 are uint16",
  castlike_FLOAT_to_BFLOAT16_expanded: "this version of the tests says that its bfloat16 are uint16",
  convtranspose_3d: "volumes: our convolutions are of images and sequences",
  if: "control flow that is decided when the model runs is refused",
  maxpool_with_argmax_2d_precomputed_pads: "the places of maxima are refused",
  maxpool_with_argmax_2d_precomputed_strides: "the places of maxima are refused",
  resize_tf_crop_and_resize: "filling what lies outside with a number other than 0 is refused",
  slice_start_out_of_bounds: "a tensor without elements is refused",
  training_dropout: "dropping at random in inference is refused",
  training_dropout_default: "dropping at random in inference is refused",
  training_dropout_default_mask: "dropping at random in inference is refused",
  training_dropout_mask: "dropping at random in inference is refused",
};

const { tests, leftOut } = loadNodeTests();
const isNumeric = ({ inputs, outputs }: NodeTest): boolean => inputs !== undefined && outputs !== undefined;
const supported = tests.filter((test) => isNumeric(test) && test.model.graph.nodes.every(({ domain, opType }) => isSupported(domain === "" ? opType : `${domain}.${opType}`)));

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

describe("the ONNX project's node tests", () => {
  it("are all there but those of more than 64 KB", () => {
    expect([tests.length, leftOut.length, supported.length]).toEqual([917, 15, 808]);
    expect(supportedOps.length).toBeGreaterThanOrEqual(110);
  });

  it("pass for at least nine of ten float tests of the ops that Graft reads", () => {
    const before = tf.memory().numTensors;
    const failures = new Map<string, string>();
    for (const test of supported) {
      try {
        runNodeTest(test);
      } catch (error) {
        failures.set(test.name, (error as Error).message);
      }
    }
    const floats = supported.filter(isFloatTest);
    const passed = floats.filter(({ name }) => !failures.has(name)).length;
    process.stdout.write(`${table(supported, failures)}\n${passed} of ${floats.length} float tests, ${supported.length - failures.size} of ${supported.length} tests of ${supportedOps.length} ops\n`);
    expect([...failures].filter(([name]) => !Object.hasOwn(expectedFailures, name))).toEqual([]);
    expect(Object.keys(expectedFailures).filter((name) => !failures.has(name)), "tests that pass now: take them from the list").toEqual([]);
    expect(passed / floats.length).toBeGreaterThanOrEqual(0.9);
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** `Add 3/3`, five to a line. */
function table(run: readonly NodeTest[], failures: ReadonlyMap<string, string>): string {
  const ops = [...new Set(run.map(({ op }) => op))].sort();
  const cells = ops.map((op) => {
    const own = run.filter((test) => test.op === op);
    return `${op} ${own.filter(({ name }) => !failures.has(name)).length}/${own.length}`.padEnd(32);
  });
  return Array.from({ length: Math.ceil(cells.length / 5) }, (_, i) => cells.slice(5 * i, 5 * i + 5).join("").trimEnd()).join("\n");
}
