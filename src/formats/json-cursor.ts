/**
 * Reads JSON that somebody else wrote: a value together with where it stands, so that whatever is missing or of the wrong kind
 * becomes a sentence that names the field. Only own properties count, so a key such as `__proto__` is a key like any other.
 */
import { GraftError } from "../core/errors.ts";

export class JsonCursor {
  readonly value: unknown;
  readonly where: string;

  constructor(value: unknown, where: string) {
    this.value = value;
    this.where = where;
  }

  /** Whether there is nothing here: no such key, or null. */
  get isMissing(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** The value under `key`, which may be missing. */
  get(key: string): JsonCursor {
    const object = this.isMissing ? {} : this.object();
    return new JsonCursor(Object.hasOwn(object, key) ? object[key] : undefined, `${this.where}, "${key}"`);
  }

  /** `value` as if it stood here. */
  as(value: unknown): JsonCursor {
    return new JsonCursor(value, this.where);
  }

  /** The same object with another value under `key`. */
  with(key: string, value: unknown): JsonCursor {
    return this.as({ ...this.object(), [key]: value });
  }

  items(): readonly JsonCursor[] {
    if (!Array.isArray(this.value)) throw this.wrong("a list");
    return this.value.map((item: unknown, i) => new JsonCursor(item, `${this.where}, item ${i}`));
  }

  entries(): readonly (readonly [string, JsonCursor])[] {
    return Object.keys(this.object()).map((key) => [key, this.get(key)] as const);
  }

  string(fallback?: string): string {
    if (this.isMissing && fallback !== undefined) return fallback;
    if (typeof this.value !== "string") throw this.wrong("a text");
    return this.value;
  }

  number(fallback?: number): number {
    if (this.isMissing && fallback !== undefined) return fallback;
    if (typeof this.value !== "number" || !Number.isFinite(this.value)) throw this.wrong("a number");
    return this.value;
  }

  /** A whole number of at least `min`; also as a text, as protocol buffers write 64-bit integers. */
  integer(min = Number.MIN_SAFE_INTEGER): number {
    const value = typeof this.value === "string" && /^-?\d+$/.test(this.value) ? Number(this.value) : this.value;
    if (!Number.isSafeInteger(value) || (value as number) < min) throw this.wrong(min === Number.MIN_SAFE_INTEGER ? "a whole number" : `a whole number of at least ${min}`);
    return value as number;
  }

  integers(min?: number): readonly number[] {
    return this.items().map((item) => item.integer(min));
  }

  boolean(fallback?: boolean): boolean {
    if (this.isMissing && fallback !== undefined) return fallback;
    if (typeof this.value !== "boolean") throw this.wrong("true or false");
    return this.value;
  }

  wrong(wanted: string): GraftError {
    return new GraftError({ where: this.where, what: this.isMissing ? "it is missing" : `it is ${excerpt(this.value)}`, wanted });
  }

  private object(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) throw this.wrong("an object");
    return this.value as Record<string, unknown>;
  }
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
