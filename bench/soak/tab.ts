/** A tab of the soak, from the command line: the page's and the worker's heaps by the browser's own protocol, and how figures are judged. */
import type { CDPSession, Page } from "playwright";
import { CommandError } from "../../tools/cli/project.mjs";
import type { WorkerFigures } from "./channel.ts";

export interface Figures extends WorkerFigures {
  /** After collecting garbage. */
  readonly pageHeapBytes: number;
  readonly workerHeapBytes: number;
  readonly storedFiles: number;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** The heaps of a page and of its first worker. */
export class Heaps {
  private readonly session: CDPSession;
  private readonly worker: Promise<string>;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private nextId = 1;

  private constructor(session: CDPSession) {
    this.session = session;
    this.worker = new Promise((resolve) => {
      session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
        if (targetInfo.type === "worker" && targetInfo.url.includes("/bench/soak/worker.ts")) resolve(sessionId);
      });
    });
    session.on("Target.receivedMessageFromTarget", ({ message }) => {
      const answer = JSON.parse(message) as Answer;
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
  }

  static async of(page: Page): Promise<Heaps> {
    const heaps = new Heaps(await page.context().newCDPSession(page));
    await heaps.session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    return heaps;
  }

  /** Twice, since what a finaliser lets go of is collected the next time. */
  async collect(): Promise<{ readonly pageHeapBytes: number; readonly workerHeapBytes: number }> {
    for (let round = 0; round < 2; round++) {
      await this.session.send("HeapProfiler.collectGarbage");
      await this.askWorker("HeapProfiler.collectGarbage");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { usedSize: pageHeapBytes } = await this.session.send("Runtime.getHeapUsage");
    const { usedSize: workerHeapBytes } = (await this.askWorker("Runtime.getHeapUsage")) as { readonly usedSize: number };
    return { pageHeapBytes, workerHeapBytes };
  }

  private async askWorker(method: string): Promise<unknown> {
    const id = this.nextId++;
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    await this.session.send("Target.sendMessageToTarget", { sessionId: await this.worker, message: JSON.stringify({ id, method }) });
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}

export class SoakTab {
  readonly page: Page;
  private readonly heaps: Heaps;

  private constructor(page: Page, heaps: Heaps) {
    this.page = page;
    this.heaps = heaps;
  }

  static async open(page: Page, address: string): Promise<SoakTab> {
    page.on("pageerror", (error) => console.error(error));
    page.on("console", (message) => message.type() === "info" && console.error(message.text()));
    const heaps = await Heaps.of(page);
    // Vite may still be bundling what the page imports.
    page.setDefaultTimeout(0);
    await page.goto(address, { timeout: 0 });
    await page.waitForFunction(() => "soak" in window);
    return new SoakTab(page, heaps);
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** After collecting garbage on both sides. */
  async figures(): Promise<Figures> {
    const heaps = await this.heaps.collect();
    const [figures, storedFiles] = await this.page.evaluate(async () => [await window.soak.figures(), await window.soak.storedFiles()] as const);
    return { ...figures, ...heaps, storedFiles };
  }
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export function inWords({ tensors, backendBytes, wasmHeapBytes, deviceBytes, listeners, pageHeapBytes, workerHeapBytes, storedFiles }: Figures): string {
  const attached = Object.entries(listeners).map(([kind, count]) => `${count} ${kind}`).join(", ");
  return [
    `${tensors} tensors of ${megabytes(backendBytes)}`,
    ...(wasmHeapBytes === null ? [] : [`wasm heap ${megabytes(wasmHeapBytes)}`]),
    ...(deviceBytes === 0 ? [] : [`device ${megabytes(deviceBytes)}`]),
    `worker's heap ${megabytes(workerHeapBytes)}`,
    `page's heap ${megabytes(pageHeapBytes)}`,
    `${storedFiles} files`,
    `listeners ${attached || "none"}`,
  ].join(", ");
}

/** @throws CommandError with what was promised and what is. */
export function demand(isKept: boolean, what: string): void {
  if (!isKept) throw new CommandError(`The soak found: ${what}.`);
}

/** What must not grow between two moments of the same state. @param allowed how much the heap of JavaScript may grow, in bytes. */
export function demandFlat(before: Figures, after: Figures, { allowedHeapBytes }: { readonly allowedHeapBytes: number }): void {
  for (const figure of ["tensors", "backendBytes", "wasmHeapBytes", "deviceBytes"] as const) {
    demand((after[figure] ?? 0) <= (before[figure] ?? 0), `${figure} grew from ${before[figure]} to ${after[figure]}`);
  }
  for (const figure of ["workerHeapBytes", "pageHeapBytes"] as const) {
    demand(after[figure] - before[figure] <= allowedHeapBytes, `${figure} grew from ${megabytes(before[figure])} to ${megabytes(after[figure])}, more than ${megabytes(allowedHeapBytes)}`);
  }
  const total = ({ listeners }: Figures): number => Object.values(listeners).reduce((sum, count) => sum + count, 0);
  demand(total(after) <= total(before), `listeners grew from ${JSON.stringify(before.listeners)} to ${JSON.stringify(after.listeners)}`);
}
