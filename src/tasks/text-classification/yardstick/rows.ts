/** A sparse matrix, row by row, as the bag of words and its model share it. */
export interface SparseRows {
  /** [rows + 1]: where each row's entries begin; the last is where all end. */
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
  readonly columnCount: number;
}

export function rowCount({ starts }: SparseRows): number {
  return starts.length - 1;
}

/** Numbers that grow in number, in typed arrays that double. */
export class Growing<Kind extends Uint32Array | Float32Array> {
  private items: Kind;
  private readonly make: (length: number) => Kind;
  length = 0;

  constructor(make: (length: number) => Kind) {
    this.make = make;
    this.items = make(1024);
  }

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = this.make(2 * this.length);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = value;
  }

  /** A view of what was pushed. */
  view(): Kind {
    return this.items.subarray(0, this.length) as Kind;
  }
}
