/**
 * Loops over rows of channels, four floats at a time, as WebAssembly functions: what the backend's own binary has no fused
 * kernel for. Addresses are in bytes. Sums are single floats: callers keep the number of rows small and add up in double.
 */
import { f32Constant, four, i32, loopWhile, sequence, single, type Code, type FunctionDefinition, type FunctionScope, type Lanes, type Local } from "./assembler.ts";

const FLOAT_BYTES = 4;
const bytesOf = (lanes: Lanes): number => lanes.count * FLOAT_BYTES;

/** How many vectors a loop keeps in registers at once, so that one addition need not wait for the one before. */
const UNROLLED = 4;

/** Code for `vectors` consecutive vectors (or single floats) of each row. */
type Group = (lanes: Lanes, vectors: number) => Code;

/** Runs `group` for every channel, with `offset` at the bytes before it: some vectors at a time, then one, then single floats. */
function forChannels(offset: Local, channelBytes: Code, group: Group, unrolled = UNROLLED): Code {
  const pass = (lanes: Lanes, vectors: number): Code => {
    const width = bytesOf(lanes) * vectors;
    const last = i32.add(offset.get, i32.constant(width - 1));
    return loopWhile(i32.lessThan(last, channelBytes), sequence(group(lanes, vectors), offset.set(i32.add(offset.get, i32.constant(width)))));
  };
  return sequence(offset.set(i32.constant(0)), pass(four, unrolled), pass(four, 1), pass(single, 1));
}

/** Runs `row` `rows` times and moves each pointer by its stride after it. */
function forRows(count: Local, rows: Code, pointers: readonly (readonly [pointer: Local, strideBytes: Code])[], row: Code): Code {
  const step = pointers.map(([pointer, stride]) => pointer.set(i32.add(pointer.get, stride)));
  return sequence(count.set(rows), loopWhile(count.get, sequence(row, ...step, count.set(i32.sub(count.get, i32.constant(1))))));
}

/** Locals by lanes and position, made once a function. */
function registers(scope: FunctionScope): (lanes: Lanes, name: string) => Local {
  const made = new Map<string, Local>();
  return (lanes, name) => {
    const key = `${lanes.type} ${name}`;
    const found = made.get(key) ?? scope.local(lanes.type);
    made.set(key, found);
    return found;
  };
}

const zero = (lanes: Lanes): Code => lanes.splat(f32Constant(0));
const each = (vectors: number, code: (index: number) => Code): Code => sequence(...Array.from({ length: vectors }, (_, index) => code(index)));

/** sums[c] = sum over rows of x[r, c] */
const columnSums: FunctionDefinition = {
  name: "columnSums",
  parameters: ["i32", "i32", "i32", "i32"],
  body(scope, x, rows, channelBytes, sums) {
    const [offset, pointer, count] = [scope.local("i32"), scope.local("i32"), scope.local("i32")] as const;
    const register = registers(scope);
    return forChannels(offset, channelBytes.get, (lanes, vectors) => {
      const sum = (index: number): Local => register(lanes, `sum ${index}`);
      const place = (index: number): number => index * bytesOf(lanes);
      return sequence(
        each(vectors, (index) => sum(index).set(zero(lanes))),
        pointer.set(i32.add(x.get, offset.get)),
        forRows(count, rows.get, [[pointer, channelBytes.get]], each(vectors, (index) => sum(index).set(lanes.add(sum(index).get, lanes.load(pointer.get, place(index)))))),
        each(vectors, (index) => lanes.store(i32.add(sums.get, offset.get), sum(index).get, place(index))),
      );
    });
  },
};

/** sums[c] = sum over rows of (x[r, c] - mean[c])^2 */
const columnSquares: FunctionDefinition = {
  name: "columnSquares",
  parameters: ["i32", "i32", "i32", "i32", "i32"],
  body(scope, x, rows, channelBytes, mean, sums) {
    const [offset, pointer, count] = [scope.local("i32"), scope.local("i32"), scope.local("i32")] as const;
    const register = registers(scope);
    return forChannels(offset, channelBytes.get, (lanes, vectors) => {
      const sum = (index: number): Local => register(lanes, `sum ${index}`);
      const middle = (index: number): Local => register(lanes, `mean ${index}`);
      const centred = register(lanes, "centred");
      const place = (index: number): number => index * bytesOf(lanes);
      return sequence(
        each(vectors, (index) => sequence(sum(index).set(zero(lanes)), middle(index).set(lanes.load(i32.add(mean.get, offset.get), place(index))))),
        pointer.set(i32.add(x.get, offset.get)),
        forRows(
          count,
          rows.get,
          [[pointer, channelBytes.get]],
          each(vectors, (index) =>
            sequence(
              centred.set(lanes.sub(lanes.load(pointer.get, place(index)), middle(index).get)),
              sum(index).set(lanes.add(sum(index).get, lanes.mul(centred.get, centred.get))),
            ),
          ),
        ),
        each(vectors, (index) => lanes.store(i32.add(sums.get, offset.get), sum(index).get, place(index))),
      );
    });
  },
};

/** sums[c] = sum over rows of dy[r, c]; products[c] = sum over rows of dy[r, c] * (x[r, c] - mean[c]) */
const columnProducts: FunctionDefinition = {
  name: "columnProducts",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32"],
  body(scope, dy, x, rows, channelBytes, mean, sums, products) {
    const [offset, dyPointer, xPointer, count] = [scope.local("i32"), scope.local("i32"), scope.local("i32"), scope.local("i32")] as const;
    const register = registers(scope);
    return forChannels(offset, channelBytes.get, (lanes, vectors) => {
      const sum = (index: number): Local => register(lanes, `sum ${index}`);
      const product = (index: number): Local => register(lanes, `product ${index}`);
      const middle = (index: number): Local => register(lanes, `mean ${index}`);
      const value = register(lanes, "value");
      const place = (index: number): number => index * bytesOf(lanes);
      return sequence(
        each(vectors, (index) => sequence(sum(index).set(zero(lanes)), product(index).set(zero(lanes)), middle(index).set(lanes.load(i32.add(mean.get, offset.get), place(index))))),
        dyPointer.set(i32.add(dy.get, offset.get)),
        xPointer.set(i32.add(x.get, offset.get)),
        forRows(
          count,
          rows.get,
          [[dyPointer, channelBytes.get], [xPointer, channelBytes.get]],
          each(vectors, (index) =>
            sequence(
              value.set(lanes.load(dyPointer.get, place(index))),
              sum(index).set(lanes.add(sum(index).get, value.get)),
              product(index).set(lanes.add(product(index).get, lanes.mul(value.get, lanes.sub(lanes.load(xPointer.get, place(index)), middle(index).get)))),
            ),
          ),
        ),
        each(vectors, (index) =>
          sequence(
            lanes.store(i32.add(sums.get, offset.get), sum(index).get, place(index)),
            lanes.store(i32.add(products.get, offset.get), product(index).get, place(index)),
          ),
        ),
      );
    });
  },
};

/** y[r, c] = (x[r, c] - mean[c]) * scale[c] + shift[c] */
const scaleRows: FunctionDefinition = {
  name: "scaleRows",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32"],
  body(scope, x, rows, channelBytes, mean, scale, shift, y) {
    const [offset, count] = [scope.local("i32"), scope.local("i32")] as const;
    const row = forChannels(offset, channelBytes.get, (lanes, vectors) => {
      const load = (tensor: Local, index: number): Code => lanes.load(i32.add(tensor.get, offset.get), index * bytesOf(lanes));
      return each(vectors, (index) =>
        lanes.store(i32.add(y.get, offset.get), lanes.add(lanes.mul(lanes.sub(load(x, index), load(mean, index)), load(scale, index)), load(shift, index)), index * bytesOf(lanes)),
      );
    });
    return forRows(count, rows.get, [[x, channelBytes.get], [y, channelBytes.get]], row);
  },
};

/** dx[r, c] = dy[r, c] * a[c] + (x[r, c] - mean[c]) * b[c] + shift[c] */
const combineRows: FunctionDefinition = {
  name: "combineRows",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
  body(scope, dy, x, rows, channelBytes, mean, a, b, shift, dx) {
    const [offset, count] = [scope.local("i32"), scope.local("i32")] as const;
    const row = forChannels(offset, channelBytes.get, (lanes, vectors) => {
      const load = (tensor: Local, index: number): Code => lanes.load(i32.add(tensor.get, offset.get), index * bytesOf(lanes));
      return each(vectors, (index) => {
        const drift = lanes.add(lanes.mul(lanes.sub(load(x, index), load(mean, index)), load(b, index)), load(shift, index));
        return lanes.store(i32.add(dx.get, offset.get), lanes.add(lanes.mul(load(dy, index), load(a, index)), drift), index * bytesOf(lanes));
      });
    });
    return forRows(count, rows.get, [[dy, channelBytes.get], [x, channelBytes.get], [dx, channelBytes.get]], row);
  },
};

/** dx[i] = dy[i] where low < y[i] < high, else 0 */
const keepWithin: FunctionDefinition = {
  name: "keepWithin",
  parameters: ["i32", "i32", "i32", "f32", "f32", "i32"],
  body(scope, dy, y, bytes, low, high, dx) {
    const offset = scope.local("i32");
    const register = registers(scope);
    const values = (lanes: Lanes): readonly Local[] => ["value", "low", "high"].map((name) => register(lanes, name));
    const prepare = (lanes: Lanes): Code => sequence(values(lanes)[1]!.set(lanes.splat(low.get)), values(lanes)[2]!.set(lanes.splat(high.get)));
    return sequence(
      prepare(four),
      prepare(single),
      forChannels(offset, bytes.get, (lanes, vectors) =>
        each(vectors, (index) => {
          const [value, least, most] = values(lanes) as [Local, Local, Local];
          const place = index * bytesOf(lanes);
          return sequence(
            value.set(lanes.load(i32.add(y.get, offset.get), place)),
            lanes.store(i32.add(dx.get, offset.get), lanes.keepWithin(lanes.load(i32.add(dy.get, offset.get), place), value.get, least.get, most.get), place),
          );
        }),
      ),
    );
  },
};

/** sums[c] += sum over columns of x[column * xStride + c] * dy[column * channels + c]: one tap of a depthwise filter along one row of pixels. */
const depthwiseTap: FunctionDefinition = {
  name: "depthwiseTap",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
  body(scope, x, dy, columns, channelBytes, xStrideBytes, sums) {
    const [offset, xPointer, dyPointer, count] = [scope.local("i32"), scope.local("i32"), scope.local("i32"), scope.local("i32")] as const;
    const register = registers(scope);
    return forChannels(offset, channelBytes.get, (lanes, vectors) => {
      const sum = (index: number): Local => register(lanes, `sum ${index}`);
      const place = (index: number): number => index * bytesOf(lanes);
      const result = i32.add(sums.get, offset.get);
      return sequence(
        each(vectors, (index) => sum(index).set(lanes.load(result, place(index)))),
        xPointer.set(i32.add(x.get, offset.get)),
        dyPointer.set(i32.add(dy.get, offset.get)),
        forRows(
          count,
          columns.get,
          [[xPointer, xStrideBytes.get], [dyPointer, channelBytes.get]],
          each(vectors, (index) => sum(index).set(lanes.add(sum(index).get, lanes.mul(lanes.load(xPointer.get, place(index)), lanes.load(dyPointer.get, place(index)))))),
        ),
        each(vectors, (index) => lanes.store(result, sum(index).get, place(index))),
      );
    });
  },
};

/** Columns of a, and vectors of b's columns, whose products a loop keeps in registers. */
const PRODUCT_COLUMNS = 4;
const PRODUCT_VECTORS = 2;

/** out[i, j] += sum over rows of a[r, i] * b[r, j]: the product of a transposed by b, without transposing. */
const addTransposedProduct: FunctionDefinition = {
  name: "addTransposedProduct",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
  body(scope, a, b, rows, aBytes, bBytes, out) {
    const [aOffset, bOffset, aPointer, bPointer, target, count] = Array.from({ length: 6 }, () => scope.local("i32")) as [Local, Local, Local, Local, Local, Local];
    const register = registers(scope);
    const tile = (lanes: Lanes, vectors: number, columns: number): Code => {
      const sum = (column: number, index: number): Local => register(lanes, `sum ${column} ${index}`);
      const right = (index: number): Local => register(lanes, `right ${index}`);
      const left = register(lanes, "left");
      const place = (index: number): number => index * bytesOf(lanes);
      const begin = target.set(i32.add(i32.add(out.get, bOffset.get), i32.mul(aOffset.get, i32.shiftRight(bBytes.get, i32.constant(2)))));
      const next = target.set(i32.add(target.get, bBytes.get));
      return sequence(
        each(columns, (column) => each(vectors, (index) => sum(column, index).set(zero(lanes)))),
        aPointer.set(i32.add(a.get, aOffset.get)),
        bPointer.set(i32.add(b.get, bOffset.get)),
        forRows(
          count,
          rows.get,
          [[aPointer, aBytes.get], [bPointer, bBytes.get]],
          sequence(
            each(vectors, (index) => right(index).set(lanes.load(bPointer.get, place(index)))),
            each(columns, (column) =>
              sequence(
                left.set(lanes.loadSplat(aPointer.get, column * FLOAT_BYTES)),
                each(vectors, (index) => sum(column, index).set(lanes.add(sum(column, index).get, lanes.mul(left.get, right(index).get)))),
              ),
            ),
          ),
        ),
        begin,
        each(columns, (column) =>
          sequence(each(vectors, (index) => lanes.store(target.get, lanes.add(lanes.load(target.get, place(index)), sum(column, index).get), place(index))), next),
        ),
      );
    };
    const columnsOf = (lanes: Lanes, vectors: number): Code => {
      const pass = (columns: number): Code => {
        const last = i32.add(aOffset.get, i32.constant(columns * FLOAT_BYTES - 1));
        return loopWhile(i32.lessThan(last, aBytes.get), sequence(tile(lanes, vectors, columns), aOffset.set(i32.add(aOffset.get, i32.constant(columns * FLOAT_BYTES)))));
      };
      return sequence(aOffset.set(i32.constant(0)), pass(PRODUCT_COLUMNS), pass(1));
    };
    return forChannels(bOffset, bBytes.get, columnsOf, PRODUCT_VECTORS);
  },
};

/** Rows whose products a loop keeps in registers. */
const PRODUCT_ROWS = 4;

/** out[r] = sum over columns of x[c] * matrix[r, c] */
const rowProducts: FunctionDefinition = {
  name: "rowProducts",
  parameters: ["i32", "i32", "i32", "i32", "i32"],
  body(scope, x, matrix, rows, rowBytes, out) {
    const offset = scope.local("i32");
    const pointers = Array.from({ length: PRODUCT_ROWS }, () => scope.local("i32"));
    const register = registers(scope);
    const some = (count: number): Code => {
      const row = (index: number): Local => pointers[index] as Local;
      const sum = (lanes: Lanes, index: number): Local => register(lanes, `sum ${index}`);
      const pass = (lanes: Lanes): Code => {
        const left = register(lanes, "left");
        const isWithin = i32.lessThan(i32.add(offset.get, i32.constant(bytesOf(lanes) - 1)), rowBytes.get);
        const products = each(count, (index) => sum(lanes, index).set(lanes.add(sum(lanes, index).get, lanes.mul(left.get, lanes.load(i32.add(row(index).get, offset.get))))));
        return loopWhile(isWithin, sequence(left.set(lanes.load(i32.add(x.get, offset.get))), products, offset.set(i32.add(offset.get, i32.constant(bytesOf(lanes))))));
      };
      return sequence(
        each(count, (index) => sequence(row(index).set(index === 0 ? matrix.get : i32.add(row(index - 1).get, rowBytes.get)), sum(four, index).set(zero(four)), sum(single, index).set(zero(single)))),
        offset.set(i32.constant(0)),
        pass(four),
        pass(single),
        each(count, (index) => single.store(out.get, single.add(four.total(sum(four, index)), sum(single, index).get), index * FLOAT_BYTES)),
        matrix.set(i32.add(row(count - 1).get, rowBytes.get)),
        out.set(i32.add(out.get, i32.constant(count * FLOAT_BYTES))),
        rows.set(i32.sub(rows.get, i32.constant(count))),
      );
    };
    return sequence(loopWhile(i32.lessThan(i32.constant(PRODUCT_ROWS - 1), rows.get), some(PRODUCT_ROWS)), loopWhile(rows.get, some(1)));
  },
};

export const simdFunctions = [addTransposedProduct, rowProducts, columnSums, columnSquares, columnProducts, scaleRows, combineRows, keepWithin, depthwiseTap] as const;

/** The exports, typed by hand as the definitions above have them. */
export interface SimdKernels {
  addTransposedProduct(a: number, b: number, rows: number, aBytes: number, bBytes: number, out: number): void;
  rowProducts(x: number, matrix: number, rows: number, rowBytes: number, out: number): void;
  columnSums(x: number, rows: number, channelBytes: number, sums: number): void;
  columnSquares(x: number, rows: number, channelBytes: number, mean: number, sums: number): void;
  columnProducts(dy: number, x: number, rows: number, channelBytes: number, mean: number, sums: number, products: number): void;
  scaleRows(x: number, rows: number, channelBytes: number, mean: number, scale: number, shift: number, y: number): void;
  combineRows(dy: number, x: number, rows: number, channelBytes: number, mean: number, a: number, b: number, shift: number, dx: number): void;
  keepWithin(dy: number, y: number, bytes: number, low: number, high: number, dx: number): void;
  depthwiseTap(x: number, dy: number, columns: number, channelBytes: number, xStrideBytes: number, sums: number): void;
}
