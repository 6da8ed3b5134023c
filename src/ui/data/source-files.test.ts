/** One path whichever way a file came in. */
import { expect, it } from "vitest";
import { relativePath } from "./source-files.ts";

it("takes the most telling name and makes it relative", () => {
  expect(relativePath({ name: "1.jpg", path: "/pets/cat/1.jpg", webkitRelativePath: "" })).toBe("pets/cat/1.jpg");
  expect(relativePath({ name: "1.jpg", path: "./1.jpg" })).toBe("1.jpg");
  expect(relativePath({ name: "1.jpg", webkitRelativePath: "pets/cat/1.jpg" })).toBe("pets/cat/1.jpg");
  expect(relativePath({ name: "messages.csv" })).toBe("messages.csv");
});
