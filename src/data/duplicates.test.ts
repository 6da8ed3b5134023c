import { describe, expect, test } from "vitest";
import { findDuplicates, hashBlob, type ContentItem } from "./duplicates.ts";

const item = (content: string, label: string, folder: ContentItem["folder"] = null): ContentItem => ({ content, label, folder });

describe("findDuplicates", () => {
  const items = [item("a", "x"), item("b", "x"), item("a", "x"), item("b", "y"), item("c", "x", "train"), item("c", "x", "test"), item("d", "x"), item("a", "x"), item("c", "x", "test")];

  test("sorts equal items by what is wrong with them", () => {
    expect(findDuplicates(items, items.keys())).toEqual({ copies: [[0, 2, 7]], conflicting: [[1, 3]], leaking: [[4, 5, 8]] });
  });

  test("looks only at the items asked for", () => {
    expect(findDuplicates(items, [0, 1, 3, 4, 7])).toEqual({ copies: [[0, 7]], conflicting: [[1, 3]], leaking: [] });
  });
});

test("hashBlob is SHA-256", async () => {
  expect(await hashBlob(new Blob(["abc"]))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
