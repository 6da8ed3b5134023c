/** The words of the playground and the results of a model that writes. */
import { describe, expect, it } from "vitest";
import { describePerplexity, formatPerplexity } from "./PerplexityChange.tsx";
import { describeResult, tailOf } from "./WrittenText.tsx";

describe("the words of a model that writes", () => {
  it("say how fast a text came and why it ended", () => {
    expect(describeResult({ text: "", tokens: 64, reason: "length", tokensPerSecond: 31.4 })).toBe("64 tokens, 31 a second, as long as asked for");
    expect(describeResult({ text: "", tokens: 1, reason: "end-of-text", tokensPerSecond: 3.14 })).toBe("1 token, 3.1 a second, ended by itself");
    expect(describeResult({ text: "", tokens: 2, reason: "cancelled", tokensPerSecond: 1234 })).toBe("2 tokens, 1.23 k a second, stopped by you");
  });

  it("show the end of a long prompt, from a whole word on", () => {
    expect(tailOf("Call me")).toBe("Call me");
    const tail = tailOf(`${"word ".repeat(60)}end`);
    expect(tail).toMatch(/^… word .* end$/);
    expect(tail.length).toBeLessThanOrEqual(161);
  });

  it("explain perplexity, and are honest where it got worse", () => {
    expect([8.26, 61.34, 1023.7].map(formatPerplexity)).toEqual(["8.3", "61.3", "1,024"]);
    expect(describePerplexity({ before: 60, after: 30 })).toContain("as if between 30.0 equally likely ones, and before between 60.0. That is 50% lower than before.");
    expect(describePerplexity({ before: 20, after: 25 })).toContain("25% higher than before: it got worse");
    expect(describePerplexity({ before: 20, after: 20.01 })).toContain("no different from before");
  });
});
