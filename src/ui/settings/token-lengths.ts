/** What a limit of tokens does to texts, in words. Pure. */
import type { TokenLengths } from "../../protocol/data.ts";
import { formatCount, formatPlural, formatShare } from "../primitives/format.ts";

/** From this share of cut texts on, the limit deserves a second look. */
const manyCut = 0.1;

/** `12 of the 480 texts (2.5%) are longer than 128 tokens and are cut there.` */
export function describeCut({ texts, cut, limit }: Pick<TokenLengths, "texts" | "cut" | "limit">): string {
  if (cut === 0) return `None of the ${formatPlural(texts, "text")} is longer than ${formatCount(limit)} tokens: nothing is cut.`;
  return `${formatCount(cut)} of the ${formatPlural(texts, "text")} (${formatShare(cut / texts)}) ${cut === 1 ? "is longer than" : "are longer than"} ${formatCount(limit)} tokens and ${cut === 1 ? "is" : "are"} cut there.`;
}

export function cutsMany({ texts, cut }: Pick<TokenLengths, "texts" | "cut">): boolean {
  return texts > 0 && cut / texts >= manyCut;
}
