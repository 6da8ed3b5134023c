/** The formats of others that a download may hold, each by its own writer. One that cannot say what the model does is left out, with a sentence why. */
import { strToU8 } from "fflate";
import { GraftError, printable } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { foldBatchNorm } from "../graph/surgery/fold-batch-norm.ts";
import { writeOnnx } from "../formats/onnx/write.ts";
import { writePytorch } from "../formats/pytorch/write.ts";
import type { TfjsGraphModel } from "../formats/tfjs-graph/write.ts";
import type { Model } from "../graph/types.ts";
import type { ExportFormat } from "../protocol/run.ts";
import type { DownloadManifest } from "./download.ts";
import { isWriting } from "./writing.ts";

type Files = Readonly<Record<string, Uint8Array>>;

export interface FormatSource {
  readonly model: Model;
  readonly manifest: DownloadManifest;
  readonly inputShapes: Readonly<Record<string, Shape>>;
  readonly licence: string;
  /** As the weights are stored. */
  readonly tfjs: () => TfjsGraphModel;
  /** model.safetensors is in eight bits. */
  readonly isInt8: boolean;
}

interface WrittenFormats {
  readonly files: Files;
  readonly written: readonly ExportFormat[];
  /** Sentences. */
  readonly leftOut: readonly string[];
}

type Described = Pick<FormatSource, "manifest" | "inputShapes">;

/** As many as the formats were written for: of a model that writes, those that it learned with, where it reads more. */
function tokensOf({ name, maxTokens }: Extract<DownloadManifest["input"], { readonly kind: "text" }>, inputShapes: FormatSource["inputShapes"]): number {
  return inputShapes[name]?.[1] ?? maxTokens;
}

/** What the input is, as a comment in Python or JavaScript has it. */
function inputNote({ manifest, inputShapes }: Described): string {
  const { input, isPair } = manifest;
  return input.kind === "image"
    ? `pixels 0..255, RGB, ${input.size} x ${input.size}: scale so that the shorter side fits, then cut the middle out.`
    : `Token ids from the files in tokenizer/${isPair ? ", of both texts with what the tokenizer puts between a pair" : ""}, cut and padded with ${input.paddingId} to ${tokensOf(input, inputShapes)}.`;
}

const nextTokens = "[batch, tokens, vocabulary]: at every token, of the one after it";

/** What the outputs are called, what they are, and what JavaScript makes of them. */
function outputNote(manifest: DownloadManifest): { readonly name: string; readonly meaning: string; readonly javaScript: string } {
  const { target = "single-label", classes } = manifest;
  if (isWriting(manifest)) return { name: "logits", meaning: nextTokens, javaScript: `const next = logits.slice([0, length - 1], [1, 1]).argMax(-1); // the likeliest token after the first \`length\`; logits are ${nextTokens}` };
  const number = `${classes.map(printable).join(", ")}, in its own units`;
  switch (target) {
    case "single-label":
      return { name: "logits", meaning: "in the order of labels.json", javaScript: "const probabilities = tf.softmax(logits); // in the order of labels.json" };
    case "multi-label":
      return { name: "logits", meaning: "one for each label of labels.json, whose probability is its sigmoid", javaScript: "const probabilities = tf.sigmoid(logits); // one for each label of labels.json" };
    case "regression":
      return { name: "numbers", meaning: `[batch, 1]: ${number}`, javaScript: `const [number] = await numbers.data(); // ${number}` };
  }
}

/** The same as a sentence. */
function describeOutputs(manifest: DownloadManifest): string {
  const { meaning } = outputNote(manifest);
  if (isWriting(manifest)) return `The outputs are logits, ${meaning}`;
  return manifest.target === "regression" ? `The output is a number, ${meaning}` : `The outputs are logits, in this order: ${manifest.classes.join(", ")}`;
}

const names: Readonly<Record<ExportFormat, string>> = { tfjs: "TensorFlow.js model", onnx: "ONNX model", pytorch: "PyTorch source" };

const writers: Readonly<Record<ExportFormat, (source: FormatSource) => Files>> = {
  tfjs: ({ tfjs }) => {
    const { modelJson, weightData } = tfjs();
    return { "tfjs/model.json": strToU8(JSON.stringify(modelJson)), "tfjs/weights.bin": new Uint8Array(weightData) };
  },
  // For running: batch norms that only scale are folded into what is before them.
  onnx: ({ model, manifest, inputShapes }) => ({ "model.onnx": writeOnnx(foldBatchNorm(model), { inputShapes, metadata: { classes: JSON.stringify(manifest.classes), task: manifest.task } }) }),
  pytorch: ({ model, manifest, inputShapes, licence, isInt8 }) => {
    if (isInt8) throw new GraftError({ what: "model.safetensors is in eight bits", wanted: "the weights in 32 bits, which the source loads" });
    const notes = [inputNote({ manifest, inputShapes }), describeOutputs(manifest)];
    return { "model.py": strToU8(writePytorch(model.graph, { inputShapes, title: manifest.name, notes, licence })) };
  },
};

export function writeFormats(formats: readonly ExportFormat[], source: FormatSource): WrittenFormats {
  const files: Record<string, Uint8Array> = {};
  const written: ExportFormat[] = [];
  const leftOut: string[] = [];
  for (const format of formats) {
    try {
      Object.assign(files, writers[format](source));
      written.push(format);
    } catch (error) {
      if (!(error instanceof GraftError)) throw error;
      leftOut.push(`${names[format]} is left out: ${error.message}`);
    }
  }
  return { files, written, leftOut };
}

const rows: Readonly<Record<ExportFormat, string>> = {
  tfjs: "| tfjs/model.json, tfjs/weights.bin | the model as a TensorFlow.js graph model |\n",
  onnx: "| model.onnx | the model as ONNX, batch norms folded, weights in 32 bits, for onnxruntime and what reads it |\n",
  pytorch: "| model.py | the model as PyTorch source, which loads model.safetensors |\n",
};

/** Rows of the README's table of files. */
export function formatRows(written: readonly ExportFormat[]): string {
  return written.map((format) => rows[format]).join("");
}

function section(format: ExportFormat, described: Described): string {
  const { manifest, inputShapes } = described;
  const { input } = manifest;
  const output = outputNote(manifest);
  const shape = input.kind === "image" ? `[batch, ${input.size}, ${input.size}, 3], float32` : `[batch, ${tokensOf(input, inputShapes)}], int32`;
  switch (format) {
    case "tfjs": {
      const feed =
        input.kind === "image"
          ? `const image = tf.image.resizeBilinear(tf.browser.fromPixels(picture), [${input.size}, ${input.size}]).expandDims(0);
const ${output.name} = model.execute({ ${JSON.stringify(input.name)}: image });`
          : `const ${output.name} = model.execute({ ${JSON.stringify(input.name)}: tf.tensor2d(ids, [1, ${tokensOf(input, inputShapes)}], "int32") });`;
      return `
## In TensorFlow.js

\`\`\`js
import * as tf from "@tensorflow/tfjs";
const model = await tf.loadGraphModel("tfjs/model.json");
// ${inputNote(described)}
${feed}
${output.javaScript}
\`\`\`
`;
    }
    case "onnx":
      return `
## With ONNX Runtime

\`\`\`python
import onnxruntime
session = onnxruntime.InferenceSession("model.onnx")
# ${inputNote(described)}
${output.name}, = session.run(None, {${JSON.stringify(input.name)}: inputs})   # ${shape}; ${output.meaning}
\`\`\`
`;
    case "pytorch":
      return `
## In PyTorch

\`\`\`python
from model import load   # model.py of this folder; needs torch and safetensors
model = load("model.safetensors")
# ${inputNote(described)}
${output.name} = model(inputs)   # ${shape}; ${output.meaning}
\`\`\`
`;
  }
}

/** Sections of the README. */
export function formatSections({ written, leftOut }: Pick<WrittenFormats, "written" | "leftOut">, described: Described): string {
  const missing = leftOut.length === 0 ? "" : `\n## What is not in here\n\n${leftOut.map((sentence) => `- ${sentence}\n`).join("")}`;
  return `${written.map((format) => section(format, described)).join("")}${missing}`;
}
