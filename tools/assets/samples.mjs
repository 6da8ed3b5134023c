/**
 * The sample data sets. Made of the emoji packages: pictures by category, where another vendor's drawings of emoji that
 * the model has not seen are the test set, and a table of names and categories. The same packages give the same bytes.
 * And a part of a novel to write like, which lies here: no package that the page is built from has one. It is chapters 1 to 8 of
 * Moby-Dick as the Debian package r-cran-tokenizers has it (its data set mobydick, public domain), the lines of each paragraph joined.
 */
import { strToU8, zipSync } from "fflate";
import { existsSync, readFileSync } from "node:fs";
import { inPackage, readJson } from "./packages.mjs";

/** Symbols look like nothing in common, and components are no pictures. */
const pictureCategories = ["Activities", "Animals & Nature", "Flags", "Food & Drink", "Objects", "People & Body", "Smileys & Emotion", "Travel & Places"];
const trainPerCategory = 60;
const testPerCategory = 20;
/** The same in every time zone, and the earliest that a zip can say. */
const zipDate = new Date(1980, 0, 1);

/** @typedef {{ name: string | null, short_name: string, image: string, category: string, sort_order: number }} Emoji */

/** @returns {Emoji[]} base emoji in the vendors' order; skin tones are variants within them */
function readEmoji() {
  /** @type {Emoji[]} */
  const emoji = readJson(inPackage("emoji-datasource-google/emoji.json"));
  return emoji.toSorted((a, b) => a.sort_order - b.sort_order);
}

/**
 * `count` of the items, evenly spread over their order.
 * @template T
 * @param {T[]} items
 * @param {number} count
 * @returns {T[]}
 */
function spread(items, count) {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => /** @type {T} */ (items[Math.floor(((i + 0.5) * items.length) / count)]));
}

/** @param {Emoji[]} all */
function imageZip(all) {
  /** @type {import("fflate").Zippable} */
  const files = {};
  /** @param {string} vendor @param {Emoji} emoji */
  const picture = (vendor, { image }) => inPackage(`emoji-datasource-${vendor}/img/${vendor}/64/${image}`);
  /** @param {string} vendor @param {string} split @param {Emoji} emoji */
  const add = (vendor, split, emoji) => {
    files[`${split}/${emoji.category}/${emoji.short_name}.png`] = [readFileSync(picture(vendor, emoji)), { level: 0, mtime: zipDate }];
  };
  for (const category of pictureCategories) {
    const drawn = all.filter((emoji) => emoji.category === category && existsSync(picture("google", emoji)) && existsSync(picture("twitter", emoji)));
    const every = Math.round((trainPerCategory + testPerCategory) / testPerCategory);
    spread(drawn, trainPerCategory + testPerCategory).forEach((emoji, i) => (i % every === every - 1 ? add("twitter", "test", emoji) : add("google", "train", emoji)));
  }
  return zipSync(files);
}

/** @param {Emoji[]} all */
function nameTable(all) {
  /** @type {Map<string, string>} */
  const rows = new Map();
  for (const { name, short_name: shortName, category } of all) {
    // Code points and numbered modifiers are catalogue entries, not names.
    if (category === "Component" || /IDEOGRAPH-|FITZPATRICK|KEYCAP/.test(name ?? "")) continue;
    const cleaned = (name ?? shortName.replaceAll(/[_-]/g, " ")).toLowerCase().replaceAll(/[^\p{L}\p{N}' -]/gu, " ").replaceAll(/\s+/g, " ").trim();
    if (cleaned !== "" && !rows.has(cleaned)) rows.set(cleaned, category);
  }
  return strToU8(["name,category", ...Array.from(rows, ([name, category]) => `${name},${category}`)].join("\n") + "\n");
}

/** @returns {Map<string, Uint8Array>} path below embedded/ -> content */
export function sampleFiles() {
  const emoji = readEmoji();
  return new Map([
    ["samples/emoji-images.zip", imageZip(emoji)],
    ["samples/emoji-names.csv", nameTable(emoji)],
    ["samples/moby-dick.txt", readFileSync(new URL("./texts/moby-dick.txt", import.meta.url))],
  ]);
}
