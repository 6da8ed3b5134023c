/** The ops of onnxruntime's own domain that its optimiser and its transformer tools put into many files. */
import type { Converters } from "./types.ts";
import { scalar } from "./types.ts";

export const contrib: Converters = {
  "com.microsoft.Gelu": (node, r) => r.add("gelu", [r.operand(node, 0)], { approximate: false }),
  "com.microsoft.BiasGelu": (node, r) => r.add("gelu", [r.add("add", [r.operand(node, 0), r.operand(node, 1, "bias")], {})], { approximate: false }),
  "com.microsoft.FastGelu": (node, r) => {
    const x = r.operand(node, 0);
    return r.add("gelu", [node.hasInput(1) ? r.add("add", [x, r.operand(node, 1, "bias")], {}) : x], { approximate: true });
  },
  "com.microsoft.QuickGelu": (node, r) => {
    const x = r.operand(node, 0);
    return r.add("multiply", [x, r.add("sigmoid", [scalar(r, "multiply", x, node.float("alpha", 1.702))], {})], {});
  },
};
