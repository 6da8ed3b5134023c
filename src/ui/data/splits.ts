/** The three splits, in their order and by the names that a person reads. */
import type { Split } from "../../protocol/data.ts";

export const splits = ["train", "validation", "test"] as const satisfies readonly Split[];

export const splitNames: Readonly<Record<Split, string>> = { train: "Train", validation: "Validation", test: "Test" };
