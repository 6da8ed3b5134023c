/**
 * Reads protocol buffer fields from bytes that may be damaged. The library trusts what a file says of its lengths; here each is
 * held against the bytes that are there before anything is read or allocated, and nesting is bounded. It knows no message.
 */
import { PbfReader } from "pbf";
import { GraftError } from "../../core/errors.ts";

const maxDepth = 48;
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export class FieldReader {
  private readonly pbf: PbfReader;
  private readonly where: string;
  /** Where the message that is being read ends. */
  private end: number;
  private depth = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.pbf = new PbfReader(bytes);
    this.end = bytes.length;
    this.where = where;
  }

  /** Calls `read` with the number of each field of the message; a field that it does not read is skipped. */
  fields(read: (field: number) => void): void {
    const { pbf, end } = this;
    for (let field = pbf.nextField(end); field !== 0; field = pbf.nextField(end)) {
      read(field);
      if (pbf.pos > end) throw this.damaged("a field is longer than its message");
    }
    if (pbf.pos !== end) throw this.damaged("a field is longer than its message");
  }

  message<T>(read: () => T): T {
    const outer = this.end;
    const length = this.length();
    if (++this.depth > maxDepth) throw this.damaged(`messages are nested more than ${maxDepth} deep`);
    this.end = this.pbf.pos + length;
    const message = read();
    this.end = outer;
    this.depth--;
    return message;
  }

  /** A view, no copy. */
  bytes(): Uint8Array {
    const length = this.length();
    const { pbf } = this;
    const bytes = pbf.buf.subarray(pbf.pos, pbf.pos + length);
    pbf.pos += length;
    return bytes;
  }

  string(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** Of 64 bits; beyond 2^53 the nearest double. */
  integer(): number {
    this.expect(wire.varint);
    return this.pbf.readVarint(true);
  }

  float(): number {
    this.expect(wire.fixed32);
    this.need(4);
    return this.pbf.readFloat();
  }

  /** Appends a repeated field's one value, or all of them where they are packed. */
  integersInto(values: number[]): void {
    if (this.pbf.type !== wire.bytes) values.push(this.integer());
    else for (const value of this.packedIntegers()) values.push(value);
  }

  floatsInto(values: number[]): void {
    if (this.pbf.type !== wire.bytes) values.push(this.float());
    else for (const value of this.packedFloats()) values.push(value);
  }

  /** Int32Array if all fit, so that small integers do not take eight times their bytes. */
  packedIntegers(): Int32Array | Float64Array {
    if (this.pbf.type !== wire.bytes) return Float64Array.of(this.integer());
    const { pbf } = this;
    const length = this.length();
    const [start, end] = [pbf.pos, pbf.pos + length];
    let count = 0;
    for (let i = start; i < end; i++) if ((pbf.buf[i] as number) < 0x80) count++;
    const small = new Int32Array(count);
    let fits = true;
    for (let i = 0; i < count && fits; i++) {
      const value = pbf.readVarint(true);
      small[i] = value;
      fits = small[i] === value;
    }
    let values: Int32Array | Float64Array = small;
    if (!fits) {
      pbf.pos = start;
      values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = pbf.readVarint(true);
    }
    if (pbf.pos !== end) throw this.damaged("a list of integers is cut off");
    return values;
  }

  packedFloats(): Float32Array {
    if (this.pbf.type !== wire.bytes) return Float32Array.of(this.float());
    const bytes = this.bytes();
    if (bytes.length % 4 !== 0) throw this.damaged("a list of floats is cut off");
    return new Float32Array(bytes.slice().buffer);
  }

  packedDoubles(): Float64Array {
    if (this.pbf.type !== wire.bytes) {
      this.expect(wire.fixed64);
      this.need(8);
      return Float64Array.of(this.pbf.readDouble());
    }
    const bytes = this.bytes();
    if (bytes.length % 8 !== 0) throw this.damaged("a list of doubles is cut off");
    return new Float64Array(bytes.slice().buffer);
  }

  damaged(what: string): GraftError {
    return new GraftError({ where: this.where, what, wanted: "an ONNX model", next: "The file may be damaged or of another kind; get it again." });
  }

  private length(): number {
    this.expect(wire.bytes);
    const length = this.pbf.readVarint();
    this.need(length);
    return length;
  }

  private need(length: number): void {
    if (!(this.pbf.pos + length <= this.end)) throw this.damaged(`it says that ${length} bytes follow where ${Math.max(0, this.end - this.pbf.pos)} are left`);
  }

  private expect(type: number): void {
    if (this.pbf.type !== type) throw this.damaged("a field has the wrong kind of value");
  }
}
