import { expect, test } from "vitest";
import { pageFiles } from "./check-bundle.mjs";
import { countPlaywright, countVitest } from "./test-counts.mjs";

test("a test file that does not load is a failure", () => {
  const testResults = [
    { status: "passed", assertionResults: [{}, {}] },
    { status: "failed", assertionResults: [{}] },
    { status: "failed", assertionResults: [] },
  ];
  expect(countVitest({ numPassedTests: 2, numFailedTests: 1, testResults })).toEqual({ passed: 2, failed: 2 });
});

test("journeys count each test, and errors outside of tests", () => {
  expect(countPlaywright({ stats: { expected: 4, flaky: 1, unexpected: 2 }, errors: [{}] })).toEqual({ passed: 5, failed: 3 });
});

test("the page's files are what its entry leads to, now or later, each once", () => {
  const manifest = {
    "index.html": { file: "a.js", imports: ["_shared"], dynamicImports: ["later.tsx"], css: ["a.css"] },
    _shared: { file: "shared.js" },
    "later.tsx": { file: "later.js", imports: ["_shared", "index.html"], css: ["later.css"] },
    "headless.html": { file: "headless.js", imports: ["_shared"] },
  };
  expect(pageFiles(manifest, "index.html").toSorted()).toEqual(["a.css", "a.js", "later.css", "later.js", "shared.js"]);
  expect(() => pageFiles({}, "index.html")).toThrow("no index.html");
});
