/**
 * Depthwise convolutions on WebGPU and their gradients. A thread owns one channel of a strip of neighbouring pixels, so that
 * a value read serves all taps that meet it; neighbouring threads own neighbouring channels. The filter's width, stride and
 * dilation along a row are in the code, all else is in the uniforms.
 */
import type { tf, Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import type { Convolution } from "./conv.ts";
import { sumPartials } from "./tiled-product.ts";

type ConvInfo = tf.backend_util.Conv2DInfo;

const CHANNELS = 16;
const STRIPS = 8;
/** Strips that go along y; more go along z. */
const FOLD = 32768;

const geometry = {
  inHeight: "i32",
  inWidth: "i32",
  inChannels: "i32",
  outHeight: "i32",
  outWidth: "i32",
  outChannels: "i32",
  filterHeight: "i32",
  strideHeight: "i32",
  dilationHeight: "i32",
  padTop: "i32",
  padLeft: "i32",
} as const;

function geometryOf(info: ConvInfo): Record<keyof typeof geometry, number> {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, strideHeight, dilationHeight, padInfo } = info;
  return { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, strideHeight, dilationHeight, padTop: padInfo.top, padLeft: padInfo.left };
}

/** What is in the code. */
interface Structure {
  readonly filterWidth: number;
  readonly strideWidth: number;
  readonly dilationWidth: number;
  /** Pixels of a strip. */
  readonly strip: number;
}

function structureOf({ filterWidth, strideWidth, dilationWidth }: ConvInfo, strip: number): Structure {
  return { filterWidth, strideWidth, dilationWidth, strip };
}

/** The length up to 6 that leaves the fewest pixels over, and of those the longest; a multiple of `step`. */
function stripLength(width: number, step = 1): number {
  let best = step;
  for (let length = step; length <= Math.max(6, step); length += step) {
    const pixels = (strip: number): number => Math.ceil(width / strip) * (strip + 1);
    if (pixels(length) <= pixels(best)) best = length;
  }
  return best;
}

const range = (size: number): number[] => Array.from({ length: size }, (_, i) => i);
const unique = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
/** An offset as part of a name. */
const named = (offset: number): string => String(offset).replace("-", "minus");

/** One kernel for each structure, compiled when it is met. */
function byStructure<K>(make: (structure: Structure) => K): (structure: Structure) => K {
  const known = new Map<string, K>();
  return (structure) => {
    const { filterWidth, strideWidth, dilationWidth, strip } = structure;
    const key = [filterWidth, strideWidth, dilationWidth, strip].join();
    const kernel = known.get(key) ?? make(structure);
    known.set(key, kernel);
    return kernel;
  };
}

function workgroupsFor(channels: number, positions: number): [number, number, number] {
  const rows = Math.ceil(positions / STRIPS);
  return [Math.ceil(channels / CHANNELS), Math.min(rows, FOLD), Math.ceil(rows / FOLD)];
}

/** The strip that a thread owns, counted over all images; leaves the threads beyond the end. */
const ownStrip = (channels: string): string => `
  let channel = i32(global.x);
  let position = i32((workgroup.z * ${FOLD}u + workgroup.y) * ${STRIPS}u + local.y);
  if (channel >= ${channels} || position >= uniforms.positions) { return; }
  let strip = position % uniforms.strips;
  let row = position / uniforms.strips;`;

const forward = byStructure(({ filterWidth, strideWidth, dilationWidth, strip }) => {
  const offset = (pixel: number, tap: number): number => pixel * strideWidth + tap * dilationWidth;
  const offsets = unique(range(strip).flatMap((pixel) => range(filterWidth).map((tap) => offset(pixel, tap))));
  return defineKernel({
    name: "depthwiseConv2d",
    inputs: { x: "f32", kernel: "f32" },
    outputs: { y: "f32" },
    uniforms: { ...geometry, positions: "i32", strips: "i32" },
    workgroupSize: [CHANNELS, STRIPS, 1],
    code: `
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${ownStrip("uniforms.outChannels")}
  let source = channel / (uniforms.outChannels / uniforms.inChannels);
  let outRow = row % uniforms.outHeight;
  let image = row / uniforms.outHeight;
  let first = strip * ${strip * strideWidth} - uniforms.padLeft;
  ${range(strip).map((i) => `var sum${i} = 0.0;`).join("\n")}
  for (var tap = 0; tap < uniforms.filterHeight; tap++) {
    let inRow = outRow * uniforms.strideHeight - uniforms.padTop + tap * uniforms.dilationHeight;
    if (inRow < 0 || inRow >= uniforms.inHeight) { continue; }
    let start = ((image * uniforms.inHeight + inRow) * uniforms.inWidth + first) * uniforms.inChannels + source;
    ${offsets.map((o) => `let x${o} = select(0.0, x[start + ${o} * uniforms.inChannels], first + ${o} >= 0 && first + ${o} < uniforms.inWidth);`).join("\n")}
    ${range(filterWidth).map((j) => `let kernel${j} = kernel[(tap * ${filterWidth} + ${j}) * uniforms.outChannels + channel];`).join("\n")}
    ${range(strip).flatMap((i) => range(filterWidth).map((j) => `sum${i} += x${offset(i, j)} * kernel${j};`)).join("\n")}
  }
  let start = (row * uniforms.outWidth + strip * ${strip}) * uniforms.outChannels + channel;
  ${range(strip).map((i) => `if (strip * ${strip} + ${i} < uniforms.outWidth) { y[start + ${i} * uniforms.outChannels] = sum${i}; }`).join("\n")}
}`,
  });
});

/** x [batch, h, w, channels], kernel [h, w, channels, multiplier] -> [batch, h', w', channels * multiplier] */
function runForward(x: Tensor, kernel: Tensor, info: ConvInfo): Tensor {
  const structure = structureOf(info, stripLength(info.outWidth));
  const strips = Math.ceil(info.outWidth / structure.strip);
  const positions = info.batchSize * info.outHeight * strips;
  return forward(structure).run({
    inputs: { x, kernel },
    outputs: { y: info.outShape },
    uniforms: { ...geometryOf(info), positions, strips },
    workgroups: workgroupsFor(info.outChannels, positions),
  }).y;
}

const inputGradient = byStructure(({ filterWidth, strideWidth, dilationWidth, strip }) => {
  // A strip starts where the padded position is a multiple of the stride: which taps meet which pixel is then known here.
  const pairs = range(strip).flatMap((pixel) => range(filterWidth).map((tap) => ({ pixel, tap, offset: (pixel - tap * dilationWidth) / strideWidth })));
  const meeting = pairs.filter(({ offset }) => Number.isInteger(offset));
  return defineKernel({
    name: "depthwiseConv2d/inputGradient",
    inputs: { dy: "f32", kernel: "f32" },
    outputs: { dx: "f32" },
    uniforms: { ...geometry, positions: "i32", strips: "i32" },
    workgroupSize: [CHANNELS, STRIPS, 1],
    code: `
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${ownStrip("uniforms.inChannels")}
  let multiplier = uniforms.outChannels / uniforms.inChannels;
  let inRow = row % uniforms.inHeight;
  let image = row / uniforms.inHeight;
  let pixel = strip * ${strip} - uniforms.padLeft % ${strideWidth};
  let first = strip * ${strip / strideWidth} + uniforms.padLeft / ${strideWidth};
  ${range(strip).map((i) => `var sum${i} = 0.0;`).join("\n")}
  for (var tap = 0; tap < uniforms.filterHeight; tap++) {
    let reach = inRow + uniforms.padTop - tap * uniforms.dilationHeight;
    let outRow = reach / uniforms.strideHeight;
    if (reach < 0 || outRow * uniforms.strideHeight != reach || outRow >= uniforms.outHeight) { continue; }
    for (var output = channel * multiplier; output < (channel + 1) * multiplier; output++) {
      let start = ((image * uniforms.outHeight + outRow) * uniforms.outWidth + first) * uniforms.outChannels + output;
      ${unique(meeting.map(({ offset }) => offset)).map((o) => `let dy${named(o)} = select(0.0, dy[start + ${o} * uniforms.outChannels], first + ${o} >= 0 && first + ${o} < uniforms.outWidth);`).join("\n")}
      ${range(filterWidth).map((j) => `let kernel${j} = kernel[(tap * ${filterWidth} + ${j}) * uniforms.outChannels + output];`).join("\n")}
      ${meeting.map(({ pixel, tap, offset }) => `sum${pixel} += dy${named(offset)} * kernel${tap};`).join("\n")}
    }
  }
  let start = (row * uniforms.inWidth + pixel) * uniforms.inChannels + channel;
  ${range(strip).map((i) => `if (pixel + ${i} >= 0 && pixel + ${i} < uniforms.inWidth) { dx[start + ${i} * uniforms.inChannels] = sum${i}; }`).join("\n")}
}`,
  });
});

/** dy [batch, h', w', channels * multiplier], kernel [h, w, channels, multiplier] -> [batch, h, w, channels] */
function runInputGradient(dy: Tensor, kernel: Tensor, info: ConvInfo): Tensor {
  const width = info.inWidth + (info.padInfo.left % info.strideWidth);
  const structure = structureOf(info, stripLength(width, info.strideWidth));
  const strips = Math.ceil(width / structure.strip);
  const positions = info.batchSize * info.inHeight * strips;
  return inputGradient(structure).run({
    inputs: { dy, kernel },
    outputs: { dx: info.inShape },
    uniforms: { ...geometryOf(info), positions, strips },
    workgroups: workgroupsFor(info.inChannels, positions),
  }).dx;
}

/** Rows of the output that one workgroup adds up at once. */
const SLICES = 8;
/** What runs at once on a large device, and from where on a second dispatch costs more than it gains. */
const ENOUGH_WORKGROUPS = 64;
const WORKGROUPS_NOT_SPLIT = 24;

const kernelGradient = byStructure(({ filterWidth, strideWidth, dilationWidth, strip }) => {
  const offset = (pixel: number, tap: number): number => pixel * strideWidth + tap * dilationWidth;
  const offsets = unique(range(strip).flatMap((pixel) => range(filterWidth).map((tap) => offset(pixel, tap))));
  return defineKernel({
    name: "depthwiseConv2d/kernelGradient",
    inputs: { x: "f32", dy: "f32" },
    outputs: { partials: "f32" },
    uniforms: { ...geometry, rows: "i32", splits: "i32" },
    workgroupSize: [CHANNELS, SLICES, 1],
    code: `
var<workgroup> slices: array<f32, ${filterWidth * SLICES * CHANNELS}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let channel = i32(global.x);
  let tap = i32(workgroup.z);
  let source = channel / (uniforms.outChannels / uniforms.inChannels);
  ${range(filterWidth).map((j) => `var sum${j} = 0.0;`).join("\n")}
  if (channel < uniforms.outChannels) {
    for (var row = i32(global.y); row < uniforms.rows; row += ${SLICES} * uniforms.splits) {
      let inRow = row % uniforms.outHeight * uniforms.strideHeight - uniforms.padTop + tap * uniforms.dilationHeight;
      if (inRow < 0 || inRow >= uniforms.inHeight) { continue; }
      let startX = ((row / uniforms.outHeight) * uniforms.inHeight + inRow) * uniforms.inWidth * uniforms.inChannels + source;
      let startDy = row * uniforms.outWidth * uniforms.outChannels + channel;
      for (var pixel = 0; pixel < uniforms.outWidth; pixel += ${strip}) {
        let first = pixel * ${strideWidth} - uniforms.padLeft;
        ${range(strip).map((i) => `let dy${i} = select(0.0, dy[startDy + (pixel + ${i}) * uniforms.outChannels], pixel + ${i} < uniforms.outWidth);`).join("\n")}
        ${offsets.map((o) => `let x${o} = select(0.0, x[startX + (first + ${o}) * uniforms.inChannels], first + ${o} >= 0 && first + ${o} < uniforms.inWidth);`).join("\n")}
        ${range(strip).flatMap((i) => range(filterWidth).map((j) => `sum${j} += x${offset(i, j)} * dy${i};`)).join("\n")}
      }
    }
  }
  ${range(filterWidth).map((j) => `slices[(${j}u * ${SLICES}u + local.y) * ${CHANNELS}u + local.x] = sum${j};`).join("\n")}
  workgroupBarrier();
  if (channel >= uniforms.outChannels) { return; }
  for (var j = local.y; j < ${filterWidth}u; j += ${SLICES}u) {
    var total = 0.0;
    for (var slice = 0u; slice < ${SLICES}u; slice++) { total += slices[(j * ${SLICES}u + slice) * ${CHANNELS}u + local.x]; }
    partials[((i32(workgroup.y) * uniforms.filterHeight + tap) * ${filterWidth} + i32(j)) * uniforms.outChannels + channel] = total;
  }
}`,
  });
});

/** x [batch, h, w, channels], dy [batch, h', w', channels * multiplier] -> [h, w, channels, multiplier] */
function runKernelGradient(x: Tensor, dy: Tensor, info: ConvInfo): Tensor {
  const { batchSize, outHeight, outWidth, outChannels, filterHeight, filterShape } = info;
  const rows = batchSize * outHeight;
  const groups = Math.ceil(outChannels / CHANNELS);
  const workgroups = groups * filterHeight;
  const splits = workgroups >= WORKGROUPS_NOT_SPLIT ? 1 : Math.min(Math.ceil(ENOUGH_WORKGROUPS / workgroups), Math.ceil(rows / SLICES));
  const { partials } = kernelGradient(structureOf(info, stripLength(outWidth))).run({
    inputs: { x, dy },
    outputs: { partials: splits === 1 ? filterShape : [splits, ...filterShape] },
    uniforms: { ...geometryOf(info), rows, splits },
    workgroups: [groups, splits, filterHeight],
  });
  return splits === 1 ? partials : sumPartials(partials, filterShape);
}

/** One dispatch each; the kernel's gradient is two where there are few channels. */
export function depthwiseConvolution(info: ConvInfo): Convolution {
  return {
    forward: (x, kernel) => runForward(x, kernel, info),
    inputGradient: (dy, kernel) => runInputGradient(dy, kernel, info),
    kernelGradient: (x, dy) => runKernelGradient(x, dy, info),
  };
}
