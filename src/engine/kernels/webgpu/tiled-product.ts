/**
 * The one matrix product behind dense layers, convolutions and their gradients on WebGPU: tiles in workgroup memory, long
 * sums split over workgroups and added in a fixed order, so that the same inputs give the same bits. What a row, a column
 * and a term of the sum are is the caller's: it passes the WGSL that reads them.
 */
import { type Tensor } from "../../tf.ts";
import { defineKernel, type Kernel } from "../../webgpu/kernel.ts";

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
const TILES_NOT_SPLIT = 24;
const SHORTEST_SPLIT = 256;
/** Reading a value from workgroup memory, in multiplications. */
const READ_COST = 1.5;

/** Depends on the sizes alone. */
export function planProduct({ batch, rows, columns, inner }: ProductSizes): Plan {
  let best: Plan | null = null;
  let bestCost = Infinity;
  for (const threadRows of [1, 4, 8]) {
    for (const threadColumns of [1, 2, 3, 4, 6, 8]) {
      const tilesAcross = Math.ceil(columns / (SIDE * threadColumns));
      const tiles = Math.ceil(rows / (SIDE * threadRows)) * tilesAcross;
      const wanted = batch * tiles >= TILES_NOT_SPLIT ? 1 : Math.ceil(ENOUGH_WORKGROUPS / tiles);
      const most = batch > 1 ? 1 : Math.max(1, Math.min(wanted, Math.floor(inner / SHORTEST_SPLIT)));
      const chunk = Math.ceil(inner / most / DEPTH) * DEPTH;
      const splits = Math.ceil(inner / chunk);
      const work = tiles * threadRows * threadColumns * (1 + READ_COST * (1 / threadRows + 1 / threadColumns));
      // A device that is half idle takes twice as long, up to the point where there is nothing to share out.
      const cost = work / Math.min(1, (batch * tiles * splits) / ENOUGH_WORKGROUPS);
      if (cost < bestCost) {
        bestCost = cost;
        best = { threadRows, threadColumns, tilesAcross, tiles, splits, chunk };
      }
    }
  }
  return best as Plan;
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
  // Neighbouring threads (x) read neighbours in memory.
  const loadA = (row: number, inner: number): string => {
    const [rowThread, innerThread] = innerA ? ["y", "x"] : ["x", "y"];
    return `{
      let row = Place(row0 + local.${rowThread} + ${SIDE * row}u, local.${rowThread} + ${SIDE * row}u);
      let inner = Place(first + local.${innerThread} + ${SIDE * inner}u, local.${innerThread} + ${SIDE * inner}u);
      tileA[${placeA("row.local", "inner.local")}] = select(0.0, readA(batch, row, inner), row.at < uniforms.rows && inner.at < end);
    }`;
  };
  const loadB = (inner: number, column: number): string => {
    const [innerThread, columnThread] = innerB ? ["x", "y"] : ["y", "x"];
    return `{
      let inner = Place(first + local.${innerThread} + ${SIDE * inner}u, local.${innerThread} + ${SIDE * inner}u);
      let column = Place(column0 + local.${columnThread} + ${SIDE * column}u, local.${columnThread} + ${SIDE * column}u);
      tileB[inner.local * ${strideB}u + column.local] = select(0.0, readB(batch, inner, column), column.at < uniforms.columns && inner.at < end);
    }`;
  };
  const depths = range(DEPTH / SIDE);
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
    ${range(threadRows).flatMap((row) => depths.map((inner) => loadA(row, inner))).join("\n")}
    ${range(threadColumns).flatMap((column) => depths.map((inner) => loadB(inner, column))).join("\n")}
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
    return splits === 1 ? product : sumInOrder(product, shape);
  };
}

const SUM_SIZE = 64;
const sumKernel = defineKernel({
  name: "sumInOrder",
  inputs: { partials: "f32" },
  outputs: { sum: "f32" },
  uniforms: { size: "u32", count: "u32" },
  workgroupSize: [SUM_SIZE, 1, 1],
  code: `
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  if (global.x >= uniforms.size) { return; }
  var total = 0.0;
  for (var at = global.x; at < uniforms.size * uniforms.count; at += uniforms.size) { total += partials[at]; }
  sum[global.x] = total;
}`,
});

/** Adds [count, ...shape] over its first axis, from the first to the last. Disposes `partials`. */
export function sumInOrder(partials: Tensor, shape: readonly number[]): Tensor {
  const count = partials.shape[0] as number;
  const size = partials.size / count;
  const { sum } = sumKernel.run({ inputs: { partials }, outputs: { sum: shape }, uniforms: { size, count }, workgroups: [Math.ceil(size / SUM_SIZE), 1, 1] });
  partials.dispose();
  return sum;
}
