/** Glob patterns over name paths, and the names that come close to one that is not there. Which names may match is the caller's business. */


/**
 * A test of names by a pattern: `*` is any one segment or part of one, `**` any number of segments. A name matches if it, or any
 * group that it is in, does.
 */
export function patternTest(pattern: string): (name: string) => boolean {
  const glob = globToRegExp(pattern);
  return (name) => name.split("/").some((_, i, segments) => glob.test(segments.slice(0, i + 1).join("/")));
}

function globToRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\/\*\*$/, "").replace(/\*\*\/|\*\*|\*|[.+?^${}()|[\]\\]/g, (token) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    return `\\${token}`;
  });
  return new RegExp(`^${source}$`);
}

/** ` such as "a", "b"`, or nothing: the four candidates that share most two-letter pieces with `wanted` (Dice's coefficient). */
export function suchAs(candidates: readonly string[], wanted: string): string {
  const pieces = bigrams(wanted);
  const similarity = (candidate: string): number => {
    const found = bigrams(candidate);
    return (2 * [...found].filter((piece) => pieces.has(piece)).length) / (found.size + pieces.size);
  };
  const close = candidates
    .map((candidate) => ({ candidate, score: similarity(candidate) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, 4);
  return close.length === 0 ? "" : ` such as ${close.map(({ candidate }) => `"${candidate}"`).join(", ")}`;
}

function bigrams(text: string): ReadonlySet<string> {
  return new Set(Array.from({ length: Math.max(1, text.length - 1) }, (_, i) => text.slice(i, i + 2).toLowerCase()));
}
