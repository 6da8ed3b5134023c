/** The words about a table, and the doubts about a mapping. */
import { describe, expect, it } from "vitest";
import type { TablePreview } from "../../protocol/data.ts";
import { describeColumn, describeTable, doubtAbout, doubtAboutWriting, roleOf } from "./columns.ts";

const preview: TablePreview = {
  fileName: "messages.csv",
  encoding: "UTF-8",
  delimiter: "\t",
  hasHeader: true,
  columns: [
    { name: "id", distinctValues: 5572, emptyCells: 0, meanLength: 4, numbers: 0, isFlag: false, listedLabels: 0 },
    { name: "message", distinctValues: 5169, emptyCells: 3, meanLength: 79.8, numbers: 0, isFlag: false, listedLabels: 0 },
    { name: "label", distinctValues: 2, emptyCells: 0, meanLength: 3.6, numbers: 0, isFlag: false, listedLabels: 0 },
    { name: "year", distinctValues: 1, emptyCells: 0, meanLength: 4, numbers: 0, isFlag: false, listedLabels: 0 },
  ],
  rows: [],
  rowCount: 5572,
  proposed: { text: "message", label: "label" },
  proposedGeneration: { completion: "message" },
  likelyTask: "text-classification",
};

describe("columns", () => {
  it("are described by what matters for their role", () => {
    expect(describeTable(preview)).toBe("5,572 rows, 4 columns, UTF-8, separated by tabs");
    expect(describeColumn(preview, "message", "text")).toBe("80 characters on average, 3 empty");
    expect(describeColumn(preview, "label", "single-label")).toBe("2 different values, none empty");
  });

  it("raise no doubt where they fit", () => {
    expect(doubtAbout(preview, preview.proposed)).toBeNull();
  });

  it("block where nothing could be learned, and only ask where it is merely odd", () => {
    expect(doubtAbout(preview, { text: "label", label: "label" })?.blocks).toBe(true);
    expect(doubtAbout(preview, { text: "message", label: "year" })?.blocks).toBe(true);
    const doubt = doubtAbout(preview, { text: "message", label: "id" });
    expect(doubt?.blocks).toBe(false);
    expect(doubt?.message).toContain("5,572 different values");
  });

  it("to write from need two different columns, or one alone", () => {
    expect(doubtAboutWriting({ completion: "message" })).toBeNull();
    expect(doubtAboutWriting({ prompt: "label", completion: "message" })).toBeNull();
    expect(doubtAboutWriting({ prompt: "message", completion: "message" })?.blocks).toBe(true);
  });

  it("carry what they are for", () => {
    expect(["id", "label", "message"].map((name) => roleOf(preview.proposed, name))).toEqual([null, "Label", "Text"]);
    expect(["id", "label", "message"].map((name) => roleOf({ prompt: "label", completion: "message" }, name))).toEqual([null, "Prompt", "Written"]);
    expect(roleOf({ completion: "message" }, "label")).toBeNull();
  });
});
