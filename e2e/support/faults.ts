/** The table of faults: a journey that injects one says what came of it, and Playwright prints the table when all journeys are done. */
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { test, type Page } from "@playwright/test";

interface Survived {
  readonly fault: string;
  /** How the run went on, in a few words. */
  readonly how: string;
  /** Steps that had to be done again. */
  readonly stepsLost: number;
}

const kind = "fault";

/** Of the journey that calls it; the row says that the fault was survived only if the whole journey passes. */
export function noteFault(row: Survived): void {
  test.info().annotations.push({ type: kind, description: JSON.stringify(row) });
}

/** The step that the run's panel shows. */
export async function shownStep(page: Page): Promise<number> {
  return stepIn(await page.getByText(/^Step [\d,]+ of [\d,]+$/).innerText());
}

/** The step that the page shows at the moment when it says `text`, however short that moment is: to be called before it comes. */
export async function stepBeside(page: Page, text: string): Promise<number> {
  const shown = await page.evaluate(
    (awaited) =>
      new Promise<string>((resolve) => {
        new MutationObserver((_, observer) => {
          const { innerText } = document.body;
          if (!innerText.includes(awaited)) return;
          observer.disconnect();
          resolve(innerText);
        }).observe(document.body, { childList: true, subtree: true, characterData: true });
      }),
    text,
  );
  return stepIn(/Step [\d,]+ of [\d,]+/.exec(shown)?.[0] ?? "");
}

function stepIn(text: string): number {
  return Number((/[\d,]+/.exec(text)?.[0] ?? "").replaceAll(",", ""));
}

export default class FaultTable implements Reporter {
  private readonly rows: string[] = [];

  onTestEnd({ annotations }: TestCase, { status }: TestResult): void {
    for (const { type, description } of annotations) {
      if (type !== kind) continue;
      const { fault, how, stepsLost } = JSON.parse(description ?? "{}") as Survived;
      this.rows.push([fault, status === "passed" ? "yes" : "NO", stepsLost, how].join(" | "));
    }
  }

  onEnd(): void {
    if (this.rows.length > 0) process.stdout.write(`\n${["fault | survived | steps lost | how", ...this.rows].join("\n")}\n`);
  }

  printsToStdio(): boolean {
    return false;
  }
}
