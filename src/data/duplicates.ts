/** The same content more than once: a plain copy, under two labels, or on both sides of a split. */
import type { Split } from "../protocol/data.ts";

export interface ContentItem {
  readonly label: string;
  /** Equal only for equal content: a hash of an image, a text itself. */
  readonly content: string;
  /** From the folder the item came in; null where the splits are ours to make. */
  readonly folder: Split | null;
}

/** Groups of item indices, in order; every group of equal items stands in one of the lists, the gravest. */
export interface Duplicates {
  /** One content under several labels. */
  readonly conflicting: readonly (readonly number[])[];
  /** One content in several folder splits. */
  readonly leaking: readonly (readonly number[])[];
  readonly copies: readonly (readonly number[])[];
}

/** @param indices the items to look at. */
export function findDuplicates(items: readonly ContentItem[], indices: Iterable<number>): Duplicates {
  const groups = new Map<string, number[]>();
  for (const index of indices) {
    const { content } = items[index] as ContentItem;
    const group = groups.get(content);
    if (group) group.push(index);
    else groups.set(content, [index]);
  }
  const found = { conflicting: [] as number[][], leaking: [] as number[][], copies: [] as number[][] };
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const distinct = (key: "label" | "folder"): number => new Set(group.map((index) => items[index]?.[key])).size;
    if (distinct("label") > 1) found.conflicting.push(group);
    else if (distinct("folder") > 1) found.leaking.push(group);
    else found.copies.push(group);
  }
  return found;
}

/** 32-bit FNV-1a, for ordering by content; equal contents are found by comparing, not by this. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** SHA-256 in hexadecimal. */
export async function hashBlob(blob: Blob): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
