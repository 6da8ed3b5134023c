/** Texts to learn to write from, as an open data set: its items have no labels, and running text is held back in stretches. */
import type { CorpusSummary, DataIssue, DataSummary, GenerationColumns, Split } from "../../protocol/data.ts";
import { ItemDataset } from "../item-dataset.ts";
import { counted } from "../wording.ts";
import { isNextPiece, type CorpusDocument, type CorpusItem } from "./documents.ts";
import { heldBackStretches } from "./stretches.ts";

const nouns = { text: "piece", pair: "pair", chat: "conversation" } as const;
const formats = { text: "text", pair: "pairs", chat: "chat" } as const;

/** Below so many characters there is hardly a style to learn. */
const littleText = 5000;

interface CorpusPlace {
  readonly index: number;
  readonly document: CorpusDocument;
}

export class TextCorpus extends ItemDataset<CorpusItem> {
  readonly task = "text-generation";
  protected readonly noun: string;
  private readonly kind: CorpusDocument["kind"];
  private readonly columns: GenerationColumns | undefined;
  /** Whether items are pieces of longer texts. */
  private readonly hasPieces: boolean;

  /** @param items at least one, all of one kind; pieces of a text follow each other. @param columns of a table. */
  constructor(name: string, items: readonly CorpusItem[], sourceIssues: readonly DataIssue[], columns?: GenerationColumns) {
    super(name, items, sourceIssues);
    this.kind = items[0]?.document.kind ?? "text";
    this.noun = nouns[this.kind];
    this.columns = columns;
    this.hasPieces = items.some(({ document }, i) => isNextPiece(items[i - 1]?.document, document));
  }

  get format(): CorpusSummary["format"] {
    return formats[this.kind];
  }

  /** The included documents of a split, in order. */
  documents(split: Split): readonly CorpusPlace[] {
    return this.indices(split).map((index) => ({ index, document: this.item(index).document }));
  }

  summary(): DataSummary {
    const characters = this.items.reduce((sum, { content }, index) => (this.isExcluded(index) ? sum : sum + content.length), 0);
    return {
      ...this.counted(this.findings(characters)),
      classes: [],
      corpus: { format: this.format, documents: this.items.length, characters },
      ...(this.columns && { columns: this.columns }),
    };
  }

  protected override assigned(): readonly Split[] {
    return this.hasPieces ? heldBackStretches(this.items.length, this.splitOptions) : super.assigned();
  }

  protected details(indices: readonly number[]): Promise<{ text: string }[]> {
    return Promise.resolve(indices.map((index) => ({ text: this.item(index).content })));
  }

  private findings(characters: number): DataIssue[] {
    const missing = (["train", "validation"] as const).find((split) => this.indices(split).length === 0);
    if (missing !== undefined) {
      const purpose = missing === "train" ? "train on" : "measure progress with";
      return [{ severity: "error", kind: "few-texts", message: `No ${this.noun} is left to ${purpose}: the ${missing} split is empty. Add text, include more of it, or change the split.`, count: 0, items: [] }];
    }
    if (characters >= littleText) return [];
    return [{ severity: "warning", kind: "few-texts", message: `There is little to learn from: ${counted(characters, "character")}. A style shows from some 20,000 on.`, count: 1, items: [] }];
  }
}
