/**
 * What tells that bytes are what was written: SHA-256 over the SHA-256 of pieces, so that the browser's own digest, which wants
 * everything at once, does for files of any size.
 */

const pieceBytes = 4 * 2 ** 20;

/** In hex. Where one part ends and the next begins matters. */
export async function digestOf(parts: readonly (Uint8Array<ArrayBuffer> | Blob)[]): Promise<string> {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const size = part instanceof Blob ? part.size : part.byteLength;
    for (let at = 0; at < size; at += pieceBytes) {
      const piece = part instanceof Blob ? await part.slice(at, at + pieceBytes).arrayBuffer() : part.subarray(at, at + pieceBytes);
      pieces.push(new Uint8Array(await crypto.subtle.digest("SHA-256", piece)));
    }
  }
  const joined = new Uint8Array(32 * pieces.length);
  pieces.forEach((piece, i) => joined.set(piece, 32 * i));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
