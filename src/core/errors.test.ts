import { expect, test } from "vitest";
import { GraftError } from "./errors.ts";

test("an error says where, what, what was expected and what to do, as one line of sentences", () => {
  const error = new GraftError({ where: "labels.csv row 17", what: "3 columns, the header has 4", next: 'Quote the comma in "red, round"' });
  expect(error.message).toBe('labels.csv row 17: 3 columns, the header has 4. Quote the comma in "red, round".');
  expect(new GraftError({ what: "No data is open.", wanted: "a folder" }).message).toBe("No data is open. Expected a folder.");
});

test("what others wrote cannot colour a terminal, turn the writing around, or drown the sentence", () => {
  const error = new GraftError({ where: "\u001b[31mcat\u202egnp.exe", what: `the name ${"x".repeat(1_000_000)}\n\ud800` });
  expect(error.message).toMatch(/^\ufffd\[31mcat\ufffdgnp\.exe: the name x+…\.$/);
  expect(error.message.length).toBeLessThan(700);
  expect(error.sentence.where).toBe("\ufffd[31mcat\ufffdgnp.exe");
  expect(new GraftError({ what: "a\ud800\nb" }).message).toBe("a\ufffd\ufffdb.");
});
