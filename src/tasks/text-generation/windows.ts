/**
 * Sequences of tokens as windows of one length: what the model reads, and beside each token the one that should come next. Texts become
 * one stream, which is cut; pairs and conversations are packed whole as long as they fit. What does not count as a target is ignored.
 */
import { bucketLength } from "../../data/batches.ts";
import { IGNORED_LABEL } from "../../engine/losses.ts";
import type { EncodedExample } from "../../train/examples.ts";
import { concatenated, type Sequence } from "./tokens.ts";

export interface Window {
  /** As many as are real, at most the context's length. */
  readonly ids: readonly number[];
  /** The token after each, or IGNORED_LABEL. */
  readonly targets: readonly number[];
  /** How many targets count. */
  readonly counted: number;
}

/** A stream cut into windows of `length`; each begins with the token that the one before has predicted last. Windows without a target are left out. */
export function windowsOf({ ids, learned }: Sequence, length: number): Window[] {
  const windows: Window[] = [];
  for (let start = 0; start + 1 < ids.length; start += length) {
    const end = Math.min(start + length, ids.length - 1);
    const targets = ids.slice(start + 1, end + 1).map((id, i) => (learned[start + 1 + i] ? id : IGNORED_LABEL));
    const counted = targets.filter((target) => target !== IGNORED_LABEL).length;
    if (counted > 0) windows.push({ ids: ids.slice(start, end), targets, counted });
  }
  return windows;
}

/** Documents joined as long as they fit a window whole; a longer one is cut. Each is `start`, the document, `end`. */
export function packedWhole(documents: readonly Sequence[], length: number): Window[] {
  const windows: Window[] = [];
  let open: Sequence[] = [];
  let size = 0;
  const close = (): void => {
    windows.push(...windowsOf(concatenated(open), length));
    open = [];
    size = 0;
  };
  for (const document of documents) {
    if (size > 0 && size + document.ids.length > length + 1) close();
    open.push(document);
    size += document.ids.length;
  }
  if (size > 0) close();
  return windows;
}

/** The length that a window is padded to, so that shapes are few. */
export function paddedLength({ ids }: Window, length: number): number {
  return bucketLength(ids.length, length);
}

/** Token ids, padded on the right: behind causal attention no real token sees the padding. */
export function inputOf(window: Window, length: number, paddingId: number): EncodedExample {
  return padded(window.ids, paddedLength(window, length), paddingId);
}

export function targetOf(window: Window, length: number): EncodedExample {
  return padded(window.targets, paddedLength(window, length), IGNORED_LABEL);
}

function padded(values: readonly number[], length: number, filler: number): EncodedExample {
  const data = new Int32Array(length).fill(filler);
  data.set(values);
  return { data, shape: [length] };
}
