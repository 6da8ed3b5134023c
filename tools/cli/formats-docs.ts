/** What docs/formats.md says of ONNX's ops, from the reader's own list; the rest of the page is written by hand. A test keeps it current. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { supportedOps } from "../../src/formats/onnx/read.ts";
import { projectRoot } from "./project.mjs";

/** The standard's ops up to opset 21, functions among them: docs/Operators.md of github.com/onnx/onnx. */
export const standardOps: readonly string[] = `
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Bernoulli BitShift BitwiseAnd BitwiseNot
BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape Conv
ConvInteger ConvTranspose Cos Cosh CumSum DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp
Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual
GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If ImageDecoder InstanceNormalization IsInf IsNaN LRN
LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool
Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot
Optional OptionalGetElement OptionalHasElement Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN RandomNormal RandomNormalLike
RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign Round STFT Scan Scatter ScatterElements ScatterND Selu SequenceAt
SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax
SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Tan Tanh
TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor
`.trim().split(/\s+/);

const marks = ["<!-- ONNX ops: npm run docs -->", "<!-- end -->"] as const;

/** Path -> the page with its table of ops renewed. */
export function formatsDocs(): Readonly<Record<string, string>> {
  const path = "docs/formats.md";
  const page = readFileSync(join(projectRoot, path), "utf8");
  const [start, end] = marks.map((mark) => page.indexOf(mark)) as [number, number];
  if (start === -1 || end < start) throw new Error(`${path} has no place for the table: ${marks.join(" … ")}`);
  return { [path]: `${page.slice(0, start)}${marks[0]}\n${opTable()}\n${page.slice(end)}` };
}

function opTable(): string {
  const read = standardOps.filter((op) => supportedOps.includes(op));
  const beyond = supportedOps.filter((op) => !standardOps.includes(op));
  const missing = standardOps.filter((op) => !supportedOps.includes(op));
  const list = (ops: readonly string[]): string => ops.map((op) => `\`${op}\``).join(", ");
  return [
    `Of the ${standardOps.length} ops of opset 21, Graft reads ${read.length}:`,
    list(read),
    `Beside them, from later opsets and from onnxruntime's own domain, ${beyond.length}:`,
    list(beyond),
    `A model that needs one of these ${missing.length} is refused, with the names of its nodes:`,
    list(missing),
  ].join("\n\n");
}
