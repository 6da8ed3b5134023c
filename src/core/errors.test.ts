import { expect, test } from "vitest";
import { GraftError } from "./errors.ts";

test("an error says where, what, what was expected and what to do, as one line of sentences", () => {
  const error = new GraftError({ where: "labels.csv row 17", what: "3 columns, the header has 4", next: 'Quote the comma in "red, round"' });
  expect(error.message).toBe('labels.csv row 17: 3 columns, the header has 4. Quote the comma in "red, round".');
  expect(new GraftError({ what: "No data is open.", wanted: "a folder" }).message).toBe("No data is open. Expected a folder.");
});
