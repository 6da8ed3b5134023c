/** What each TensorFlow op becomes in the graph, by its name. An op that is neither here nor in fold.ts is not supported. */
import { arrangements } from "./arrange.ts";
import type { Convert } from "./convert.ts";
import { einsum } from "./einsum.ts";
import { elementwise } from "./elementwise.ts";
import { kernels } from "./kernels.ts";
import { lookups } from "./lookups.ts";
import { reshapes } from "./reshape.ts";
import { dtypeOf } from "../tf-nodes.ts";
import { refuse } from "../reading.ts";

/** An image is what has four dimensions. */
const placeholder: Convert = (node, reading) => {
  const shape = node.attr.shape("shape");
  if (shape === undefined || shape.length === 0) throw refuse(node, "its shape is not known", "an input with a batch dimension");
  const { freeBatch, dynamicImageSize } = reading.options;
  const isOpen = (axis: number): boolean => (axis === 0 ? freeBatch : shape.length === 4 && dynamicImageSize && axis < 3);
  reading.addInput(node, shape.map((dim, axis) => (isOpen(axis) ? null : dim !== -1 ? dim : axis === 0 ? 1 : null)), dtypeOf(node, "dtype"));
};

const identity: Convert = (node, reading) => node.inputs.forEach((name, output) => reading.alias(node, name, output));
const firstInput: Convert = (node, reading) => reading.alias(node, reading.input(node, 0));

export const converters: Readonly<Record<string, Convert>> = {
  Placeholder: placeholder,
  Const: (node, reading) => reading.rememberConstant(node),
  NoOp: () => undefined,
  Identity: firstInput,
  IdentityN: identity,
  Snapshot: firstInput,
  StopGradient: firstInput,
  Print: firstInput,
  EnsureShape: firstInput,
  PlaceholderWithDefault: firstInput,
  // TensorFlow.js's executor does not quantise either.
  FakeQuantWithMinMaxVars: firstInput,

  ...elementwise,
  ...kernels,
  ...reshapes,
  ...arrangements,
  ...lookups,
  Einsum: einsum,
};
