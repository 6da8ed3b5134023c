/**
 * Packs the ONNX project's backend node tests (Debian package libonnx-testdata, version 1.12.0, Apache-2.0) into one compressed
 * file, so that they run without the package. A test with more than 64 KB of data is left out, and named in the file's index.
 *
 *     node tools/reference/onnx-node-tests.mjs <data/node of libonnx-testdata> src/formats/onnx/goldens/node-tests.bin.gz
 *
 * The file: the length of the index (uint32, little-endian), the index as JSON, the bytes of all files.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined) throw new Error("Give the folder of the tests and the file to write.");
const maxBytes = 64 * 1024;

/** @type {Buffer[]} */
const chunks = [];
let offset = 0;
/** @param {Buffer} bytes */
const keep = (bytes) => {
  const place = [offset, bytes.length];
  chunks.push(bytes);
  offset += bytes.length;
  return place;
};

const tests = [];
const leftOut = [];
for (const folder of readdirSync(source).sort()) {
  const name = folder.replace(/^test_/, "");
  const data = join(source, folder, "test_data_set_0");
  const model = readFileSync(join(source, folder, "model.onnx"));
  const files = readdirSync(data).sort((a, b) => Number(a.replaceAll(/\D/g, "")) - Number(b.replaceAll(/\D/g, "")));
  /** @param {string} kind */
  const read = (kind) => files.filter((file) => file.startsWith(kind)).map((file) => readFileSync(join(data, file)));
  const [inputs, outputs] = [read("input_"), read("output_")];
  const bytes = [model, ...inputs, ...outputs].reduce((sum, { length }) => sum + length, 0);
  if (bytes > maxBytes) leftOut.push(name);
  else tests.push({ name, model: keep(model), inputs: inputs.map(keep), outputs: outputs.map(keep) });
}
const index = Buffer.from(JSON.stringify({ source: "ONNX 1.12.0, onnx/backend/test/data/node; Apache License, Version 2.0; Copyright the ONNX Project Contributors", tests, leftOut }));
const length = Buffer.alloc(4);
length.writeUInt32LE(index.length);
const packed = gzipSync(Buffer.concat([length, index, ...chunks]), { level: 9 });
writeFileSync(target, packed);
console.log(`${tests.length} tests, ${packed.length} bytes; left out: ${leftOut.join(", ")}`);
