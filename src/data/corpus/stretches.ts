/**
 * What of a running text is held back: whole stretches of neighbouring pieces, one in each section of the text. Single pieces would
 * have been read around on both sides, and a window of tokens could not reach from one into the next.
 */
import { Rng } from "../../core/rng.ts";
import type { SplitOptions } from "../../protocol/api.ts";
import type { Split } from "../../protocol/data.ts";

const mostSections = 8;
/** A section of fewer pieces would hold back less than a few of them. */
const leastSection = 25;
/** Pieces of a stretch: where less is held back, there are fewer sections instead. */
const leastStretch = 2;
/** Even if more is asked for, this share is trained on. */
const leastTrainShare = 0.1;

/** The split of each of `count` pieces, in order. Of at least two, one is trained on and, if validation is wanted, one is validated with. */
export function heldBackStretches(count: number, { validation, test, seed }: SplitOptions): Split[] {
  const splits = new Array<Split>(count).fill("train");
  const scale = Math.min(1, (1 - leastTrainShare) / Math.max(validation + test, Number.MIN_VALUE));
  const rarest = Math.min(...[validation, test].filter((share) => share > 0));
  const sections = Math.max(1, Math.min(mostSections, Math.floor(count / leastSection), Math.round((count * rarest * scale) / leastStretch)));
  const rng = new Rng(seed).fork("stretches");
  for (let section = 0; section < sections; section++) {
    const first = Math.floor((section * count) / sections);
    const size = Math.floor(((section + 1) * count) / sections) - first;
    const share = (wanted: number, left: number): number => (wanted === 0 ? 0 : Math.min(left, Math.max(1, Math.round(size * wanted * scale))));
    const validated = share(validation, size - 1);
    const tested = share(test, size - 1 - validated);
    const start = first + rng.fork(section).int(size - validated - tested + 1);
    splits.fill("test", start, start + tested);
    splits.fill("validation", start + tested, start + tested + validated);
  }
  return splits;
}
