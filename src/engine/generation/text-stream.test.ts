/** What is handed on while a text grows: whole characters, and no part of a stop text. */
import { describe, expect, it } from "vitest";
import { TextStream } from "./text-stream.ts";

/** Ids are bytes of UTF-8, and nothing else: every character of more than one is split over tokens. */
const decoder = new TextDecoder();
const decode = (ids: readonly number[]): string => decoder.decode(Uint8Array.from(ids));
const bytesOf = (text: string): readonly number[] => [...new TextEncoder().encode(text)];

function run(bytes: readonly number[], stops: readonly string[] = [], prompt = "Once "): { readonly pieces: readonly string[]; readonly text: string; readonly stoppedAt: number | null } {
  const stream = new TextStream(decode, bytesOf(prompt), stops);
  const pieces: string[] = [];
  let stoppedAt: number | null = null;
  for (const [i, id] of bytes.entries()) {
    pieces.push(stream.push(id));
    if (!stream.isStopped) continue;
    stoppedAt = i + 1;
    break;
  }
  pieces.push(stream.end());
  expect(pieces.join("")).toBe(stream.text);
  return { pieces: pieces.filter((piece) => piece !== ""), text: stream.text, stoppedAt };
}

describe("a stream of text", () => {
  it.each(["plain", "naïve café", "日本語 🙂👩‍👩‍👧 and on", "مرحبا 🙂", "e\u0301\n\ttwo  spaces"])("hands on %j in whole characters", (text) => {
    const { pieces, text: whole } = run(bytesOf(text));
    expect(whole).toBe(text);
    expect(pieces).toEqual([...text]);
  });

  it("continues a prompt whose last character is as long", () => {
    expect(run(bytesOf("🙂🙂"), [], "日本語 🙂🙂🙂").pieces).toEqual(["🙂", "🙂"]);
    expect(run(bytesOf("a"), [], "").pieces).toEqual(["a"]);
  });

  it("leaves out the first bytes of a character whose last ones never came", () => {
    expect(run([...bytesOf("ab"), ...bytesOf("🙂").slice(0, 3)]).text).toBe("ab");
  });

  it("shows bytes that make no character once something follows", () => {
    expect(run([0xf0, 0x9f, ...bytesOf("ab")]).pieces).toEqual(["\uFFFDa", "b"]);
  });

  it("ends at a stop text that several tokens make, and keeps what is before it", () => {
    const { pieces, text, stoppedAt } = run(bytesOf("Hi there\n\nUser: no"), ["\n\nUser:"]);
    expect(text).toBe("Hi there");
    expect(pieces).toEqual([..."Hi there"]);
    expect(stoppedAt).toBe("Hi there\n\nUser:".length);
  });

  it("hands on what only began like a stop text", () => {
    expect(run(bytesOf("a\n\nUs"), ["\n\nUser:"]).pieces).toEqual(["a", "\n\nUs"]);
    expect(run(bytesOf("aab"), ["ab"]).text).toBe("a");
    expect(run(bytesOf("END EN"), ["ENDE"]).pieces).toEqual(["END ", "EN"]);
  });

  it("takes the stop text that begins first, and one of odd characters", () => {
    expect(run(bytesOf("one two"), ["two", "ne t"]).text).toBe("o");
    expect(run(bytesOf("so 🙂 be it"), ["🙂"]).text).toBe("so ");
    expect(run(bytesOf("xyz"), ["xyz", "z"]).text).toBe("");
    expect(run(bytesOf("stop"), ["stop"]).pieces).toEqual([]);
  });

  it("finds a stop text in a token that has more after it", () => {
    const words = ["one", " two. Thr", "ee"];
    const stream = new TextStream((ids) => ids.map((id) => words[id]).join(""), [], ["."]);
    expect([stream.push(0), stream.push(1), stream.isStopped, stream.end(), stream.text]).toEqual(["one", " two", true, "", "one two"]);
  });

  it("keeps the space that some tokenizers take from the first piece of a text", () => {
    const words = ["▁Once", "▁upon", "▁a", "▁time"];
    const stream = new TextStream((ids) => ids.map((id) => words[id]).join("").replaceAll("▁", " ").replace(/^ /, ""), [0], []);
    expect([stream.push(1), stream.push(2), stream.push(3)]).toEqual([" upon", " a", " time"]);
  });
});
