/**
 * MobileNetV2 (Sandler et al., 2018) and V3 (Howard et al., 2019), large and small, as timm names their parameters. `tf_` are Google's
 * weights of V3, with TensorFlow's padding. The "minimal", "rw" and "d" variants are other networks.
 */
import type { JsonCursor } from "../../formats/json-cursor.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { timmConfig } from "../checkpoints/config-fields.ts";
import { divisible } from "../divisible.ts";
import { TorchLayers } from "../checkpoints/torch-layers.ts";
import type { CheckpointFamily, CheckpointModel } from "../checkpoints/types.ts";

type Activation = "relu" | "relu6" | "hardSwish";

/** The papers' tables, a row for blocks of one kind: the stage, repetitions, kernel, stride of the first, expansion, channels, squeeze-excite, activation. */
type Row = readonly [stage: number, repetitions: number, size: number, stride: number, expansion: number, channels: number, squeeze: boolean, act: Activation];

const second: readonly Row[] = [
  [0, 1, 3, 1, 1, 16, false, "relu6"],
  [1, 2, 3, 2, 6, 24, false, "relu6"],
  [2, 3, 3, 2, 6, 32, false, "relu6"],
  [3, 4, 3, 2, 6, 64, false, "relu6"],
  [4, 3, 3, 1, 6, 96, false, "relu6"],
  [5, 3, 3, 2, 6, 160, false, "relu6"],
  [6, 1, 3, 1, 6, 320, false, "relu6"],
];

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

interface Network {
  readonly rows: readonly Row[];
  readonly stem: number;
  /** Of the stem, and of what comes behind the blocks. */
  readonly act: Activation;
  /** V3 ends with one more convolution, pools, and has a layer of this width before the classifier. V2 has that layer before it pools. */
  readonly end: { readonly kind: "pooled late"; readonly hidden: number } | { readonly kind: "pooled early"; readonly last: number; readonly hidden: number };
}

const networks: ReadonlyMap<string, Network> = new Map([
  ["mobilenetv2", { rows: second, stem: 32, act: "relu6", end: { kind: "pooled late", hidden: 1280 } }],
  ["mobilenetv3_large", { rows: large, stem: 16, act: "hardSwish", end: { kind: "pooled early", last: 960, hidden: 1280 } }],
  ["mobilenetv3_small", { rows: small, stem: 16, act: "hardSwish", end: { kind: "pooled early", last: 576, hidden: 1024 } }],
]);

/** timm's networks that are those of the papers: which, and the width in percent. */
const pattern = /^(tf_)?(mobilenetv2|mobilenetv3_large|mobilenetv3_small)_(035|050|075|100|140)$/;

function build(config: JsonCursor): CheckpointModel {
  const { architecture, classes } = timmConfig(config);
  const [, tf, name = "", width] = pattern.exec(architecture) ?? [];
  const network = networks.get(name);
  if (network === undefined) throw config.get("architecture").wrong("a network such as mobilenetv2_100, mobilenetv3_large_100 or mobilenetv3_small_050");
  const { rows, end } = network;
  const multiplier = Number(width) / 100;
  const isTf = tf !== undefined;
  const padding = isTf ? "same" : undefined;
  const epsilon = isTf ? 1e-3 : 1e-5;

  const builder = new GraphBuilder();
  const layers = new TorchLayers(builder);
  const blocks: string[] = [];
  const activate = (act: Activation, path: string, x: string): string => (act === "hardSwish" ? layers.hardSwish(path, x) : layers.activation(path, x, act));
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
    let y = expansion === 1 ? x : activate(act, `${path}/bn1`, norm(`${path}/bn1`, pointwise(`${path}/conv_pw`, x, from, inner), inner));
    y = layers.depthwise(`${path}/conv_dw`, y, inner, { size, stride, padding });
    y = activate(act, `${path}/${depthwiseNorm}`, norm(`${path}/${depthwiseNorm}`, y, inner));
    if (squeeze) y = squeezeExcite(`${path}/se`, y, inner);
    y = norm(`${path}/${lastNorm}`, pointwise(`${path}/${projection}`, y, inner, to), to);
    blocks.push(path);
    return stride === 1 && from === to ? builder.add(`${path}/sum`, "add", [x, y], {}) : y;
  }

  const pixels = builder.input("pixel_values", [null, null, null, 3], "float32");
  // timm leaves V3's stem as it is in the narrowest networks.
  let from = multiplier < 0.75 && end.kind === "pooled early" ? network.stem : divisible(network.stem * multiplier);
  let x = activate(network.act, "bn1", norm("bn1", layers.conv("conv_stem", pixels, 3, from, { size: 3, stride: 2, padding }), from));
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
  /** @param pooled [batch, hidden], what the classifier reads. */
  function model(features: string, pooled: string, hidden: number): CheckpointModel {
    const output = classes === 0 ? pooled : layers.linear("classifier", pooled, hidden, classes);
    return { graph: builder.build([output]), features, blocks, input: { kind: "image", name: pixels } };
  }

  if (end.kind === "pooled late") {
    const hidden = Math.max(end.hidden, divisible(end.hidden * multiplier));
    const features = activate(network.act, "bn2", norm("bn2", pointwise("conv_head", x, from, hidden), hidden));
    return model(features, builder.add("global_pool/mean", "mean", [features], { axes: [1, 2], keepDims: false }), hidden);
  }
  const lastPath = `blocks/${position.size}/0`;
  const lastWidth = divisible(end.last * multiplier);
  x = activate(network.act, `${lastPath}/bn1`, norm(`${lastPath}/bn1`, pointwise(`${lastPath}/conv`, x, from, lastWidth), lastWidth));
  blocks.push(lastPath);
  const mean = builder.add("global_pool/mean", "mean", [x], { axes: [1, 2], keepDims: true });
  const hidden = activate(network.act, "conv_head", pointwise("conv_head", mean, lastWidth, end.hidden, true));
  // A head in place of the classifier reads what the classifier read, as in timm.
  const features = builder.add("global_pool/flat", "reshape", [hidden], { shape: [-1, end.hidden] });
  return model(features, features, end.hidden);
}

export const timmMobilenets: CheckpointFamily = { modelTypes: ["mobilenetv2", "mobilenetv3", "tf_mobilenetv3"], build };
