/** Numbers and sentences of a run, as a person reads them. Pure. */
import type { Recovery, RunInfo, StopReason } from "../../protocol/run.ts";
import { formatCount, formatDuration } from "../primitives/format.ts";

/** Three significant digits, without an exponent where that stays readable: `0.00187`, `1.2e-6`. */
export function formatRate(rate: number): string {
  if (rate !== 0 && Math.abs(rate) < 1e-4) return rate.toExponential(1).replace(/\.0e/, "e");
  return String(Number(rate.toPrecision(3)));
}

/** Three digits after the point while small, fewer when large, and never 0 for what is not quite that: `3.1e-5`, `0.412`, `12.3`, `482`. */
export function formatLoss(value: number): string {
  if (value !== 0 && Math.abs(value) < 5e-4) return value.toExponential(1);
  return value < 10 ? value.toFixed(3) : value < 100 ? value.toFixed(1) : formatCount(Math.round(value));
}

const backends = { webgpu: "WebGPU", wasm: "WebAssembly", cpu: "Plain JavaScript" };

export function backendName(backend: RunInfo["backend"]): string {
  return backends[backend];
}

const failures: Readonly<Record<Recovery["because"], (at: string) => string>> = {
  lost: (at) => `The GPU went away ${at}.`,
  "out-of-memory": (at) => `The GPU ran out of memory ${at}.`,
  "worker-ended": (at) => `The browser ended the part of Graft that computes, ${at}.`,
};

/** Why a run had to go on elsewhere, from where, and what that means for its numbers. */
export function describeRecovery({ because, step, from, backend }: Recovery): string {
  const again = from === 0 ? "The run began again by itself" : `The run went on by itself from its checkpoint after step ${formatCount(from)}`;
  const numbers = because !== "worker-ended" && backend !== "webgpu" ? "; from there its numbers differ a little from what the GPU would have given" : "";
  return `${failures[because](step === 0 ? "before the first step" : `after step ${formatCount(step)}`)} ${again}, on ${backendName(backend)}${numbers}.`;
}

interface Ending {
  readonly reason: StopReason;
  readonly bestEpoch: number;
  readonly seconds: number;
  readonly epochsDone: number;
  readonly epochsPlanned: number;
}

/** How a run ended, and which weights it left. */
export function describeEnding({ reason, bestEpoch, seconds, epochsDone, epochsPlanned }: Ending): string {
  const time = formatDuration(seconds);
  if (epochsDone === 0) return `Stopped after ${time}, before the first epoch was over. The model has what it learned until then.`;
  const kept = bestEpoch === epochsDone ? `The model has the weights of the last epoch, ${bestEpoch}.` : `The model has the weights of the best epoch, ${bestEpoch}.`;
  switch (reason) {
    case "completed":
      return `${epochsPlanned === 1 ? "The one epoch is" : `All ${formatCount(epochsPlanned)} epochs are`} done, in ${time}. ${kept}`;
    case "early-stopped":
      return `Stopped early after epoch ${epochsDone} of ${epochsPlanned}, in ${time}: it no longer got better on the validation examples. ${kept}`;
    case "stopped":
      return `Stopped by you after epoch ${epochsDone} of ${epochsPlanned}, in ${time}. ${kept}`;
  }
}
