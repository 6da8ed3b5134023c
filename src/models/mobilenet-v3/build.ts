/**
 * MobileNetV3 (Howard et al., 2019), large and small, as timm names its parameters. `tf_` are Google's weights, with TensorFlow's
 * padding. The "minimal" and "rw" variants are other networks.
 */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { timmConfig } from "../checkpoints/config-fields.ts";
import { divisible } from "../divisible.ts";
import { TorchLayers } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

/** Tables 1 and 2 of the paper, a row for blocks of one kind: the stage, repetitions, kernel, stride of the first, expansion, channels, squeeze-excite, activation. */
type Row = readonly [stage: number, repetitions: number, size: number, stride: number, expansion: number, channels: number, squeeze: boolean, act: "relu" | "hardSwish"];

const large: readonly Row[] = [
  [0, 1, 3, 1, 1, 16, false, "relu"],
  [1, 1, 3, 2, 4, 24, false, "relu"],
  [1, 1, 3, 1, 3, 24, false, "relu"],
  [2, 3, 5, 2, 3, 40, true, "relu"],
  [3, 1, 3, 2, 6, 80, false, "hardSwish"],
  [3, 1, 3, 1, 2.5, 80, false, "hardSwish"],
  [3, 2, 3, 1, 2.3, 80, false, "hardSwish"],
  [4, 2, 3, 1, 6, 112, true, "hardSwish"],
  [5, 3, 5, 2, 6, 160, true, "hardSwish"],
];

const small: readonly Row[] = [
  [0, 1, 3, 2, 1, 16, true, "relu"],
  [1, 1, 3, 2, 4.5, 24, false, "relu"],
  [1, 1, 3, 1, 3.67, 24, false, "relu"],
  [2, 1, 5, 2, 4, 40, true, "hardSwish"],
  [2, 2, 5, 1, 6, 40, true, "hardSwish"],
  [3, 2, 5, 1, 3, 48, true, "hardSwish"],
  [4, 3, 5, 2, 6, 96, true, "hardSwish"],
];

const networks = {
  large: { rows: large, last: 960, hidden: 1280 },
  small: { rows: small, last: 576, hidden: 1024 },
} as const;

/** timm's networks that are Howard et al.'s, by the part of the name that tells size and width. */
const pattern = /^(tf_)?mobilenetv3_(large|small)_(050|075|100)$/;

function build(config: JsonCursor): CheckpointModel {
  const { architecture, classes } = timmConfig(config);
  const match = pattern.exec(architecture);
  if (match === null) throw config.get("architecture").wrong("mobilenetv3_large or mobilenetv3_small with _050, _075 or _100, as timm names them");
  const { rows, last, hidden } = networks[match[2] as keyof typeof networks];
  const multiplier = Number(match[3]) / 100;
  const isTf = match[1] !== undefined;
  const padding = isTf ? "same" : undefined;
  const epsilon = isTf ? 1e-3 : 1e-5;

  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks: string[] = [];
  const activate = { relu: (path: string, x: string) => layers.activation(path, x, "relu"), hardSwish: (path: string, x: string) => layers.hardSwish(path, x) };
  const norm = (path: string, x: string, channels: number): string => layers.batchNorm(path, x, channels, { epsilon });
  const pointwise = (path: string, x: string, from: number, to: number, bias = false): string => layers.conv(path, x, from, to, { size: 1, padding, bias });

  function squeezeExcite(path: string, x: string, channels: number): string {
    const reduced = divisible(channels / 4);
    const pooled = builder.add(`${path}/mean`, "mean", [x], { axes: [1, 2], keepDims: true });
    const inner = layers.activation(`${path}/conv_reduce`, pointwise(`${path}/conv_reduce`, pooled, channels, reduced, true), "relu");
    const gate = builder.add(`${path}/gate`, "hardSigmoid", [pointwise(`${path}/conv_expand`, inner, reduced, channels, true)], {});
    return builder.add(`${path}/out`, "multiply", [x, gate], {});
  }

  function block(path: string, x: string, from: number, to: number, stride: number, [, , size, , expansion, , squeeze, act]: Row): string {
    const inner = expansion === 1 ? from : divisible(from * expansion);
    // Without an expansion there is one convolution less, and names and norms move up.
    const [depthwiseNorm, projection, lastNorm] = expansion === 1 ? ["bn1", "conv_pw", "bn2"] : ["bn2", "conv_pwl", "bn3"];
    let y = expansion === 1 ? x : activate[act](`${path}/bn1`, norm(`${path}/bn1`, pointwise(`${path}/conv_pw`, x, from, inner), inner));
    y = layers.depthwise(`${path}/conv_dw`, y, inner, { size, stride, padding });
    y = activate[act](`${path}/${depthwiseNorm}`, norm(`${path}/${depthwiseNorm}`, y, inner));
    if (squeeze) y = squeezeExcite(`${path}/se`, y, inner);
    y = norm(`${path}/${lastNorm}`, pointwise(`${path}/${projection}`, y, inner, to), to);
    blocks.push(path);
    return stride === 1 && from === to ? builder.add(`${path}/sum`, "add", [x, y], {}) : y;
  }

  const pixels = builder.input("pixel_values", [null, null, null, 3], "float32");
  // timm leaves the stem as it is in the narrowest networks.
  let from = multiplier < 0.75 ? 16 : divisible(16 * multiplier);
  let x = layers.hardSwish("bn1", norm("bn1", layers.conv("conv_stem", pixels, 3, from, { size: 3, stride: 2, padding }), from));
  const position = new Map<number, number>();
  for (const row of rows) {
    const [stage, repetitions, , firstStride, , channels] = row;
    for (let i = 0; i < repetitions; i++) {
      const index = position.get(stage) ?? 0;
      position.set(stage, index + 1);
      const to = divisible(channels * multiplier);
      x = block(`blocks/${stage}/${index}`, x, from, to, i === 0 ? firstStride : 1, row);
      from = to;
    }
  }
  const lastPath = `blocks/${position.size}/0`;
  const lastWidth = divisible(last * multiplier);
  x = layers.hardSwish(`${lastPath}/bn1`, norm(`${lastPath}/bn1`, pointwise(`${lastPath}/conv`, x, from, lastWidth), lastWidth));
  blocks.push(lastPath);

  const pooled = builder.add("global_pool/mean", "mean", [x], { axes: [1, 2], keepDims: true });
  const head = layers.hardSwish("conv_head", pointwise("conv_head", pooled, lastWidth, hidden, true));
  // A head in place of the classifier reads what the classifier read, as in timm.
  const features = builder.add("global_pool/flat", "reshape", [head], { shape: [-1, hidden] });
  const output = classes === 0 ? features : layers.linear("classifier", features, hidden, classes);
  return { graph: builder.build([output]), features, blocks, input: { kind: "image", name: pixels } };
}

export const mobilenetV3: CheckpointFamily = { modelTypes: ["mobilenetv3", "tf_mobilenetv3"], build };
