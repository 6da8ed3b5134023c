/**
 * The one matrix product behind dense layers, convolutions and their gradients on WebGPU: tiles in workgroup memory, long
 * sums split over workgroups and added in a fixed order, so that the same inputs give the same bits. What a row, a column
 * and a term of the sum are is the caller's: it passes the WGSL that reads them.
 */
import { tf, type Tensor } from "../../tf.ts";
import { defineKernel, type Kernel } from "../../webgpu/kernel.ts";
import { columnSum } from "./column-sum.ts";

/** A workgroup is 8 x 8 threads; a thread owns every eighth row and column of the tile, so that neighbours read neighbours. */
const SIDE = 8;
/** Terms of the sum that one tile in workgroup memory holds. */
const DEPTH = 16;
/** One more than the depth: threads that read down a column then meet different memory banks. */
const PADDED_DEPTH = DEPTH + 1;

export interface ProductSizes {
  /** Independent products of the same sizes. */
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Terms of each sum. */
  readonly inner: number;
}

export interface ProductDeclaration<Input extends string, Uniform extends string> {
  readonly name: string;
  /** All f32. */
  readonly inputs: readonly Input[];
  /** All i32; `rows`, `columns` and `inner` are there already, as u32. */
  readonly uniforms: readonly Uniform[];
  /** Whether neighbours in memory differ in the index of the sum, or in the row (of a) or column (of b). */
  readonly neighboursOfA: "inner" | "outer";
  readonly neighboursOfB: "inner" | "outer";
  /**
   * `fn readA(batch: u32, row: Place, inner: Place) -> f32` and `fn readB(batch: u32, inner: Place, column: Place) -> f32`, where a Place
   * has `at`, which counts from the start and may lie beyond the end (the value read is then dropped), and `local`, which
   * counts from the start of the tile.
   */
  readonly code: string;
  /** Indexes that are costly to take apart are so once for each tile: `fn prepareRow(row: Place)`, `fn prepareInner(inner: Place)`. */
  readonly prepares?: boolean;
}

interface Tile {
  /** Rows and columns that one thread computes. */
  readonly threadRows: number;
  readonly threadColumns: number;
}

interface Plan extends Tile {
  readonly tilesAcross: number;
  readonly tiles: number;
  readonly splits: number;
  /** Terms of the sum for each split, a multiple of the depth. */
  readonly chunk: number;
}

/** What runs at once on a large device. */
const ENOUGH_WORKGROUPS = 64;
/** From here on a second dispatch costs more than it gains. */
const TILES_NOT_SPLIT = 16;
const SHORTEST_SPLIT = 256;
/** Reading a value from workgroup memory, in multiplications (measured on a software adapter: tiles of 1 x 4, 4 x 4 and 8 x 8). */
const READ_COST = 4;

/** What a device that splits a sum pays for the second dispatch, as a share. */
const SPLIT_COST = 0.25;

/** Few, since each is a program to compile: small ones for narrow results and for many workgroups, large ones that reuse what they read. */
const tilesToChooseFrom: readonly Tile[] = [[1, 4], [4, 2], [4, 3], [4, 4], [8, 6], [8, 8]].map(([threadRows, threadColumns]) => ({ threadRows, threadColumns }) as Tile);

/** Depends on the sizes alone, so that the same product is always added up in the same order. */
export function planProduct({ batch, rows, columns, inner }: ProductSizes): Plan {
  const plans = tilesToChooseFrom.map(({ threadRows, threadColumns }) => {
    const tilesAcross = Math.ceil(columns / (SIDE * threadColumns));
    const tiles = Math.ceil(rows / (SIDE * threadRows)) * tilesAcross;
    const wanted = batch > 1 || tiles >= TILES_NOT_SPLIT ? 1 : Math.ceil(ENOUGH_WORKGROUPS / tiles);
    const most = Math.max(1, Math.min(wanted, Math.floor(inner / SHORTEST_SPLIT)));
    const chunk = Math.max(1, Math.ceil(inner / most / DEPTH)) * DEPTH;
    const splits = Math.max(1, Math.ceil(inner / chunk));
    const work = tiles * threadRows * threadColumns * (1 + READ_COST * (1 / threadRows + 1 / threadColumns));
    // A device that is half idle takes twice as long.
    const busy = Math.min(1, (batch * tiles * splits) / ENOUGH_WORKGROUPS);
    return { plan: { threadRows, threadColumns, tilesAcross, tiles, splits, chunk }, cost: (work / busy) * (splits > 1 ? 1 + SPLIT_COST : 1) };
  });
  return plans.reduce((best, next) => (next.cost < best.cost ? next : best)).plan;
}

const range = (size: number): number[] => Array.from({ length: size }, (_, i) => i);
const lines = (size: number, line: (i: number) => string): string => range(size).map(line).join("\n");

function codeOf({ neighboursOfA, neighboursOfB, code, prepares = false }: ProductDeclaration<string, string>, { threadRows, threadColumns }: Tile): string {
  const tileRows = SIDE * threadRows;
  const tileColumns = SIDE * threadColumns;
  const innerA = neighboursOfA === "inner";
  const innerB = neighboursOfB === "inner";
  // b always lies with columns as neighbours, since neighbouring threads own neighbouring columns.
  const strideB = innerB ? tileColumns + 1 : tileColumns;
  const placeA = (row: string, inner: string): string => (innerA ? `${row} * ${PADDED_DEPTH}u + ${inner}` : `${inner} * ${tileRows}u + ${row}`);
  const sizeA = innerA ? tileRows * PADDED_DEPTH : DEPTH * tileRows;
  // Neighbouring threads (x) read neighbours in memory. Loops, not lines: a software adapter compiles a read into many branches.
  const [rowThread, innerOfA] = innerA ? ["y", "x"] : ["x", "y"];
  const [columnThread, innerOfB] = innerB ? ["y", "x"] : ["x", "y"];
  return `
struct Place { at: u32, local: u32 }
var<workgroup> tileA: array<f32, ${sizeA}>;
var<workgroup> tileB: array<f32, ${DEPTH * strideB}>;
${prepares ? `const TILE_ROWS = ${tileRows}u; const DEPTH = ${DEPTH}u;` : ""}
${code}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let tile = workgroup.x + workgroup.y * uniforms.fold;
  if (tile >= uniforms.tiles) { return; }
  let row0 = tile / uniforms.tilesAcross * ${tileRows}u;
  let column0 = tile % uniforms.tilesAcross * ${tileColumns}u;
  let batch = workgroup.z / uniforms.splits;
  let begin = workgroup.z % uniforms.splits * uniforms.chunk;
  let end = min(begin + uniforms.chunk, uniforms.inner);
  ${lines(threadRows, (i) => lines(threadColumns, (j) => `var sum${i}_${j} = 0.0;`))}
  ${
    prepares
      ? `let thread = local.y * ${SIDE}u + local.x;
  if (thread < ${tileRows}u) { prepareRow(Place(row0 + thread, thread)); }
  if (thread < ${DEPTH}u) { prepareInner(Place(begin + thread, thread)); }
  workgroupBarrier();`
      : ""
  }
  for (var first = begin; first < end; first += ${DEPTH}u) {
    for (var k = local.${innerOfA}; k < ${DEPTH}u; k += ${SIDE}u) {
      let inner = Place(first + k, k);
      for (var i = local.${rowThread}; i < ${tileRows}u; i += ${SIDE}u) {
        let row = Place(row0 + i, i);
        tileA[${placeA("i", "k")}] = select(0.0, readA(batch, row, inner), row.at < uniforms.rows && inner.at < end);
      }
    }
    for (var k = local.${innerOfB}; k < ${DEPTH}u; k += ${SIDE}u) {
      let inner = Place(first + k, k);
      for (var j = local.${columnThread}; j < ${tileColumns}u; j += ${SIDE}u) {
        let column = Place(column0 + j, j);
        tileB[k * ${strideB}u + j] = select(0.0, readB(batch, inner, column), column.at < uniforms.columns && inner.at < end);
      }
    }
    workgroupBarrier();
    ${prepares ? `if (thread < ${DEPTH}u) { prepareInner(Place(first + ${DEPTH}u + thread, thread)); }` : ""}
    for (var inner = 0u; inner < ${DEPTH}u; inner++) {
      ${lines(threadRows, (i) => `let a${i} = tileA[${placeA(`(local.y + ${SIDE * i}u)`, "inner")}];`)}
      ${lines(threadColumns, (j) => `let b${j} = tileB[inner * ${strideB}u + local.x + ${SIDE * j}u];`)}
      ${lines(threadRows, (i) => lines(threadColumns, (j) => `sum${i}_${j} += a${i} * b${j};`))}
    }
    workgroupBarrier();
  }
  ${lines(
    threadRows,
    (i) => `{
    let row = row0 + local.y + ${SIDE * i}u;
    if (row < uniforms.rows) {
      let start = (workgroup.z * uniforms.rows + row) * uniforms.columns;
      ${lines(threadColumns, (j) => `{ let column = column0 + local.x + ${SIDE * j}u; if (column < uniforms.columns) { product[start + column] = sum${i}_${j}; } }`)}
    }
  }`,
  )}
}`;
}

const PLANNED_UNIFORMS = { rows: "u32", columns: "u32", inner: "u32", chunk: "u32", splits: "u32", tiles: "u32", tilesAcross: "u32", fold: "u32" } as const;
/** Tiles along x; more than the device's limit for one axis go along y. */
const FOLD = 32768;

/** (inputs, uniforms, sizes) -> [batch, rows, columns] under the name of `shape`, in one dispatch, or in two where the sum is split. */
export type Product<Input extends string, Uniform extends string> = (inputs: Readonly<Record<Input, Tensor>>, uniforms: Readonly<Record<Uniform, number>>, sizes: ProductSizes, shape: readonly number[]) => Tensor;

export function defineProduct<Input extends string, Uniform extends string = never>(declaration: ProductDeclaration<Input, Uniform>): Product<Input, Uniform> {
  const { name } = declaration;
  const inputs = Object.fromEntries(declaration.inputs.map((input) => [input, "f32"])) as Record<Input, "f32">;
  const own = Object.fromEntries(declaration.uniforms.map((uniform) => [uniform, "i32"])) as Record<Uniform, "i32">;
  const kernels = new Map<string, Kernel<Input, never, "product", Uniform | keyof typeof PLANNED_UNIFORMS>>();
  const kernelFor = (tile: Tile): Kernel<Input, never, "product", Uniform | keyof typeof PLANNED_UNIFORMS> => {
    const key = `${tile.threadRows} x ${tile.threadColumns}`;
    const known = kernels.get(key);
    if (known !== undefined) return known;
    const kernel = defineKernel<"product", Input, never, Uniform | keyof typeof PLANNED_UNIFORMS>({
      name: `${name}/${key}`,
      inputs,
      outputs: { product: "f32" },
      uniforms: { ...PLANNED_UNIFORMS, ...own },
      workgroupSize: [SIDE, SIDE, 1],
      code: codeOf(declaration, tile),
    });
    kernels.set(key, kernel);
    return kernel;
  };
  return (tensors, uniforms, sizes, shape) => {
    const { batch, rows, columns, inner } = sizes;
    const { tilesAcross, tiles, splits, chunk, ...tile } = planProduct(sizes);
    const fold = Math.min(tiles, FOLD);
    const { product } = kernelFor(tile).run({
      inputs: tensors,
      outputs: { product: splits === 1 ? shape : [splits, rows, columns] },
      uniforms: { ...uniforms, rows, columns, inner, chunk, splits, tiles, tilesAcross, fold },
      workgroups: [fold, Math.ceil(tiles / fold), batch * splits],
    });
    return splits === 1 ? product : sumPartials(product, shape);
  };
}

/** Adds partial sums [count, ...shape] over the first axis, in one dispatch. Disposes `partials`. */
export function sumPartials(partials: Tensor, shape: readonly number[]): Tensor {
  const sum = tf.tidy(() => tf.reshape(columnSum(tf.reshape(partials, [partials.shape[0], -1])), [...shape]));
  partials.dispose();
  return sum;
}
