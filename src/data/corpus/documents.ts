/** What a model learns to write from: pieces of longer texts, prompts with what follows them, or conversations. */
import type { NamedItem } from "../issues.ts";

export type Role = "system" | "user" | "assistant";

export interface ChatTurn {
  readonly role: Role;
  readonly content: string;
}

export type CorpusDocument =
  /** `source` numbers the text that it is a piece of; pieces of one follow each other, with the white space that was between them at their beginnings. */
  | { readonly kind: "text"; readonly text: string; readonly source: number }
  | { readonly kind: "pair"; readonly prompt: string; readonly completion: string }
  | { readonly kind: "chat"; readonly turns: readonly ChatTurn[] };

/** `content` is what a person sees of it. */
export interface CorpusItem extends NamedItem {
  readonly document: CorpusDocument;
}

const roleNames: Readonly<Record<Role, string>> = { system: "System", user: "User", assistant: "Assistant" };

/** As a person reads it. */
function renderDocument(document: CorpusDocument): string {
  switch (document.kind) {
    case "text":
      return document.text.trim();
    case "pair":
      return document.prompt === "" ? document.completion : `${document.prompt}\n→ ${document.completion}`;
    case "chat":
      return document.turns.map(({ role, content }) => `${roleNames[role]}: ${content}`).join("\n");
  }
}

export function itemOf(name: string, document: CorpusDocument): CorpusItem {
  return { name, label: "", content: renderDocument(document), folder: null, document };
}

/** Whether a document goes on where the one before it ends, if none is left out between them. */
export function isNextPiece(before: CorpusDocument | undefined, document: CorpusDocument): boolean {
  return document.kind === "text" && before?.kind === "text" && before.source === document.source;
}
