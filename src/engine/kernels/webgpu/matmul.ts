/**
 * Products of matrices on WebGPU, and with them their gradients, which are products again. They stand in for the backend's
 * own, whose sums over 2000 terms and more are added up by atomics, in any order, and do not repeat bit for bit.
 */
import { tf, type Tensor } from "../../tf.ts";
import { defineProduct, type Product } from "./tiled-product.ts";

type Operand = "a" | "b";
type MatrixProduct = Product<Operand, "strideA" | "strideB">;

function define(transposeA: boolean, transposeB: boolean): MatrixProduct {
  return defineProduct({
    name: `matMul${transposeA ? "/aTransposed" : ""}${transposeB ? "/bTransposed" : ""}`,
    inputs: ["a", "b"],
    uniforms: ["strideA", "strideB"],
    neighboursOfA: transposeA ? "outer" : "inner",
    neighboursOfB: transposeB ? "inner" : "outer",
    code: `
fn readA(batch: u32, row: Place, inner: Place) -> f32 { return a[batch * u32(uniforms.strideA) + ${transposeA ? "inner.at * uniforms.rows + row.at" : "row.at * uniforms.inner + inner.at"}]; }
fn readB(batch: u32, inner: Place, column: Place) -> f32 { return b[batch * u32(uniforms.strideB) + ${transposeB ? "column.at * uniforms.inner + inner.at" : "inner.at * uniforms.columns + column.at"}]; }`,
  });
}

/** By transposeA, then by transposeB. */
const products = [false, true].map((transposeA) => [false, true].map((transposeB) => define(transposeA, transposeB)));

export interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** a [..., rows, inner] times b [..., inner, columns] -> [..., rows, columns]; leading dimensions are equal, or those of one side are all 1. */
export function multiply(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: Transposes = {}): Tensor {
  const leadingA = a.shape.slice(0, -2);
  const leadingB = b.shape.slice(0, -2);
  const leading = tf.backend_util.assertAndGetBroadcastShape(leadingA, leadingB);
  const batch = tf.util.sizeFromShape(leading);
  const [rows, inner] = ordered(a.shape, transposeA);
  const [innerB, columns] = ordered(b.shape, transposeB);
  if (inner !== innerB) throw new Error(`matMul: the inner sizes of [${a.shape.join(", ")}] and [${b.shape.join(", ")}] differ.`);
  const strideOf = (own: readonly number[], size: number): number => {
    const count = tf.util.sizeFromShape([...own]);
    if (count !== batch && count !== 1) throw new Error(`matMul: [${a.shape.join(", ")}] and [${b.shape.join(", ")}] broadcast in part only.`);
    return count === 1 ? 0 : size;
  };
  const strides = { strideA: strideOf(leadingA, rows * inner), strideB: strideOf(leadingB, inner * columns) };
  const product = (products[Number(transposeA)] as MatrixProduct[])[Number(transposeB)] as MatrixProduct;
  return product({ a, b }, strides, { batch, rows, columns, inner }, [...leading, rows, columns]);
}

function ordered(shape: readonly number[], transpose: boolean): [number, number] {
  const [first, second] = shape.slice(-2) as [number, number];
  return transpose ? [second, first] : [first, second];
}


/** TensorFlow.js's product and its gradients, computed by `multiply`. */
export const repeatableMatMul: tf.KernelConfig = {
  kernelName: tf.BatchMatMul,
  backendName: "webgpu",
  kernelFunc: ({ inputs, attrs }) => {
    const { a, b } = inputs as Readonly<Record<Operand, tf.TensorInfo>>;
    const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs;
    return multiply(a as Tensor, b as Tensor, { transposeA, transposeB });
  },
};
