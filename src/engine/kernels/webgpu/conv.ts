/**
 * Convolutions on WebGPU and their gradients, each one tiled product (im2col that is never written out): the filter's taps
 * and channels against pixels. Any kernel size, stride, padding and dilation; a 1 x 1 one is a plain product of matrices.
 */
import { tf, type Tensor } from "../../tf.ts";
import { multiply } from "./matmul.ts";
import { defineProduct } from "./tiled-product.ts";

type ConvInfo = tf.backend_util.Conv2DInfo;

/** One way to compute a convolution, depthwise or not, and its gradients. */
export interface Convolution {
  /** x [batch, h, w, in], kernel [h, w, in, out] -> [batch, h', w', out] */
  readonly forward: (x: Tensor, kernel: Tensor) => Tensor;
  /** (dy, kernel) -> x's shape */
  readonly inputGradient: (dy: Tensor, kernel: Tensor) => Tensor;
  /** (x, dy) -> the kernel's shape */
  readonly kernelGradient: (x: Tensor, dy: Tensor) => Tensor;
}

const geometry = ["inHeight", "inWidth", "inChannels", "outHeight", "outWidth", "outChannels", "filterWidth", "strideHeight", "strideWidth", "dilationHeight", "dilationWidth", "padTop", "padLeft"] as const;
type Geometry = (typeof geometry)[number];

function geometryOf(info: ConvInfo): Record<Geometry, number> {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = info;
  return { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop: padInfo.top, padLeft: padInfo.left };
}

/** A filter of one tap that reads each pixel once: a product of matrices. */
function isPointwise({ filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, outHeight, outWidth }: ConvInfo): boolean {
  return filterHeight * filterWidth * strideHeight * strideWidth === 1 && inHeight === outHeight && inWidth === outWidth;
}

/** x as a matrix that has a row for each output pixel and a column for each tap and channel; its entries are looked up in two tables. */
const readPatches = `
/** The image's first row, and the y and x where an output pixel's patch begins, which padding puts outside. */
fn cornerOf(place: u32) -> vec3i {
  let i = i32(place);
  let row = i / uniforms.outWidth;
  return vec3i(row / uniforms.outHeight * uniforms.inHeight, row % uniforms.outHeight * uniforms.strideHeight - uniforms.padTop, i % uniforms.outWidth * uniforms.strideWidth - uniforms.padLeft);
}
/** y and x in the patch, and the channel. */
fn tapOf(place: u32) -> vec3i {
  let i = i32(place);
  let tap = i / uniforms.inChannels;
  return vec3i(tap / uniforms.filterWidth * uniforms.dilationHeight, tap % uniforms.filterWidth * uniforms.dilationWidth, i % uniforms.inChannels);
}
fn readPatch(corner: vec3i, tap: vec3i) -> f32 {
  let row = corner.y + tap.x;
  let column = corner.z + tap.y;
  let value = x[((corner.x + row) * uniforms.inWidth + column) * uniforms.inChannels + tap.z];
  return select(0.0, value, row >= 0 && row < uniforms.inHeight && column >= 0 && column < uniforms.inWidth);
}`;

const forward = defineProduct({
  name: "conv2d",
  inputs: ["x", "kernel"],
  uniforms: geometry,
  neighboursOfA: "inner",
  neighboursOfB: "outer",
  prepares: true,
  code: `${readPatches}
var<workgroup> corners: array<vec3i, TILE_ROWS>;
var<workgroup> taps: array<vec3i, DEPTH>;
fn prepareRow(row: Place) { corners[row.local] = cornerOf(row.at); }
fn prepareInner(inner: Place) { taps[inner.local] = tapOf(inner.at); }
fn readA(batch: u32, row: Place, inner: Place) -> f32 { return readPatch(corners[row.local], taps[inner.local]); }
fn readB(batch: u32, inner: Place, column: Place) -> f32 { return kernel[inner.at * uniforms.columns + column.at]; }`,
});

const kernelGradient = defineProduct({
  name: "conv2d/kernelGradient",
  inputs: ["x", "dy"],
  uniforms: geometry,
  neighboursOfA: "outer",
  neighboursOfB: "outer",
  prepares: true,
  code: `${readPatches}
var<workgroup> taps: array<vec3i, TILE_ROWS>;
var<workgroup> corners: array<vec3i, DEPTH>;
fn prepareRow(row: Place) { taps[row.local] = tapOf(row.at); }
fn prepareInner(inner: Place) { corners[inner.local] = cornerOf(inner.at); }
fn readA(batch: u32, row: Place, inner: Place) -> f32 { return readPatch(corners[inner.local], taps[row.local]); }
fn readB(batch: u32, inner: Place, column: Place) -> f32 { return dy[inner.at * uniforms.columns + column.at]; }`,
});

const inputGradient = defineProduct({
  name: "conv2d/inputGradient",
  inputs: ["dy", "kernel"],
  uniforms: geometry,
  neighboursOfA: "inner",
  neighboursOfB: "inner",
  prepares: true,
  code: `
/** dy's first row of the image, and the input pixel's y and x in the padded input. */
var<workgroup> pixels: array<vec3i, TILE_ROWS>;
/** y and x in the patch, the output channel, and where the kernel has them for input channel 0. */
var<workgroup> taps: array<vec4i, DEPTH>;
fn prepareRow(place: Place) {
  let i = i32(place.at);
  let row = i / uniforms.inWidth;
  pixels[place.local] = vec3i(row / uniforms.inHeight * uniforms.outHeight, row % uniforms.inHeight + uniforms.padTop, i % uniforms.inWidth + uniforms.padLeft);
}
fn prepareInner(inner: Place) {
  let i = i32(inner.at);
  let tap = i / uniforms.outChannels;
  let channel = i % uniforms.outChannels;
  taps[inner.local] = vec4i(tap / uniforms.filterWidth * uniforms.dilationHeight, tap % uniforms.filterWidth * uniforms.dilationWidth, channel, tap * uniforms.inChannels * uniforms.outChannels + channel);
}
fn readA(batch: u32, row: Place, inner: Place) -> f32 {
  let pixel = pixels[row.local];
  let tap = taps[inner.local];
  let stride = vec2i(uniforms.strideHeight, uniforms.strideWidth);
  let position = pixel.yz - tap.xy;
  let output = position / stride;
  let value = dy[((pixel.x + output.x) * uniforms.outWidth + output.y) * uniforms.outChannels + tap.z];
  return select(0.0, value, all(position >= vec2i(0)) && all(output * stride == position) && output.x < uniforms.outHeight && output.y < uniforms.outWidth);
}
fn readB(batch: u32, inner: Place, column: Place) -> f32 { return kernel[taps[inner.local].w + i32(column.at) * uniforms.outChannels]; }`,
});

/** [..., channels] -> [pixels, channels] */
const matrix = (x: Tensor): Tensor => tf.reshape(x, [-1, x.shape.at(-1) as number]);

function pointwiseConvolution({ inShape, outShape, filterShape }: ConvInfo): Convolution {
  return {
    forward: (x, kernel) => tf.reshape(multiply(matrix(x), matrix(kernel)), outShape),
    inputGradient: (dy, kernel) => tf.reshape(multiply(matrix(dy), matrix(kernel), { transposeB: true }), inShape),
    kernelGradient: (x, dy) => tf.reshape(multiply(matrix(x), matrix(dy), { transposeA: true }), filterShape),
  };
}

/** One dispatch each; the kernel's gradient is two where it is small and the pixels are many. */
export function convolution(info: ConvInfo): Convolution {
  if (isPointwise(info)) return pointwiseConvolution(info);
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth, inShape, outShape, filterShape } = info;
  const uniforms = geometryOf(info);
  const taps = filterHeight * filterWidth;
  const inPixels = batchSize * inHeight * inWidth;
  const outPixels = batchSize * outHeight * outWidth;
  return {
    forward: (x, kernel) => forward({ x, kernel }, uniforms, { batch: 1, rows: outPixels, inner: taps * inChannels, columns: outChannels }, outShape),
    inputGradient: (dy, kernel) => inputGradient({ dy, kernel }, uniforms, { batch: 1, rows: inPixels, inner: taps * outChannels, columns: inChannels }, inShape),
    kernelGradient: (x, dy) => kernelGradient({ x, dy }, uniforms, { batch: 1, rows: taps * inChannels, inner: outPixels, columns: outChannels }, filterShape),
  };
}
