/** What each ONNX op becomes in the graph. An op that is not here, nor in rewrite.ts, is not supported. */
import { activations } from "./activations.ts";
import { contrib } from "./contrib.ts";
import { einsums } from "./einsum.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { normalizations } from "./normalization.ts";
import { quantizations } from "./quantization.ts";
import { recurrents } from "./recurrent.ts";
import { reductions } from "./reduce.ts";
import { resizing } from "./resize.ts";
import { shapes } from "./shapes.ts";
import { spatial } from "./spatial.ts";
import type { Converters } from "./types.ts";

/** By op type. */
export const converters: Converters = { ...elementwise, ...activations, ...reductions, ...shapes, ...indexing, ...spatial, ...resizing, ...normalizations, ...einsums, ...recurrents, ...quantizations, ...contrib };
