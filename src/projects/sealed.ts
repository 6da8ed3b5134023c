/**
 * A file that tells whether it is whole: a JSON head, a binary body, and behind them the length and the digest of both, which
 * are written last. What a crash, a power cut or a full disk left of it is never taken for it.
 *
 * Layout: "GRAFTPRJ", u32 length of the head, the head, the body, then u64 length of all that, and 64 hex digits.
 */
import { GraftError } from "../core/errors.ts";
import { digestOf } from "./digest.ts";
import { exactJson, parseExactJson } from "./exact-json.ts";

export interface Sealed {
  /** What it is: "run", "checkpoint", … */
  readonly kind: string;
  /** Of the format of this kind. */
  readonly version: number;
  readonly head: unknown;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** It is torn, cut off or changed. */
export class DamagedFileError extends GraftError {}

/** The browser does not give its bytes: at another moment it may, so it is not to be removed. */
export class UnreadableFileError extends DamagedFileError {}

const magic = new TextEncoder().encode("GRAFTPRJ");
const trailerBytes = 8 + 64;
const nothing = new Uint8Array(0);

/** @returns the parts of the file, in order. */
export async function seal({ kind, version, head, body = nothing }: Omit<Sealed, "body"> & { readonly body?: Sealed["body"] }): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const json = new TextEncoder().encode(exactJson({ kind, version, head }));
  const front = new Uint8Array(magic.byteLength + 4 + json.byteLength);
  front.set(magic);
  new DataView(front.buffer).setUint32(magic.byteLength, json.byteLength, true);
  front.set(json, magic.byteLength + 4);
  const trailer = new Uint8Array(trailerBytes);
  new DataView(trailer.buffer).setBigUint64(0, BigInt(front.byteLength + body.byteLength), true);
  trailer.set(new TextEncoder().encode(await digestOf([front, body])), 8);
  return [front, body, trailer];
}

/** @throws DamagedFileError with `where` as the file. */
export async function unseal(file: Blob, where: string): Promise<Sealed> {
  const damaged = (what: string): DamagedFileError => new DamagedFileError({ where, what, next: "An earlier state of it may be whole" });
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new UnreadableFileError({ where, what: "the browser does not read it", next: "Close other tabs, which frees memory, and try it again" });
  }
  const sealedBytes = bytes.byteLength - trailerBytes;
  if (sealedBytes < magic.byteLength + 4) throw damaged(`it has ${bytes.byteLength} bytes, too few to be whole`);
  const view = new DataView(bytes.buffer);
  if (magic.some((byte, i) => byte !== bytes[i])) throw damaged("it does not begin as a file of a project");
  const headEnd = magic.byteLength + 4 + view.getUint32(magic.byteLength, true);
  if (view.getBigUint64(sealedBytes, true) !== BigInt(sealedBytes) || headEnd > sealedBytes) throw damaged("it is cut off");
  const [front, body] = [bytes.subarray(0, headEnd), bytes.subarray(headEnd, sealedBytes)];
  if (new TextDecoder().decode(bytes.subarray(sealedBytes + 8)) !== (await digestOf([front, body]))) throw damaged("its digest does not match");
  const json = parseExactJson(front.subarray(magic.byteLength + 4), where);
  const { kind, version, head } = (typeof json === "object" && json !== null ? json : {}) as Partial<Sealed>;
  if (typeof kind !== "string" || typeof version !== "number" || !Number.isSafeInteger(version)) throw damaged("it does not say what it is");
  return { kind, version, head, body };
}
