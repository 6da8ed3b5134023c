/** The figures side by side, with what issue 3 of the project asks of each. It judges; it never fails. */
import type { Results, Row } from "./results.ts";

type Find = (model: Row["model"], engine: Row["engine"], figure: string, options?: { readonly backend?: Row["backend"]; readonly phase?: Row["phase"] }) => number | undefined;

interface Line {
  readonly what: string;
  readonly plain?: string;
  readonly graft?: string;
  readonly jax?: string;
  readonly target: string;
  /** Undefined where it was not measured. */
  readonly met?: boolean;
}

const models = ["mobilenet-v2", "transformer"] as const;

const whole = (value: number | undefined): string | undefined => value?.toFixed(0);
const mega = (value: number | undefined): string | undefined => (value === undefined ? undefined : `${(value / 1e6).toFixed(1)} MB`);
const ms = (value: number | undefined): string | undefined => (value === undefined ? undefined : `${value.toPrecision(3)} ms`);

function holds<T extends readonly (number | undefined)[]>(values: T, rule: (...values: { [K in keyof T]: number }) => boolean): boolean | undefined {
  return values.some((value) => value === undefined) ? undefined : rule(...(values as unknown as { [K in keyof T]: number }));
}

const ratio = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a / b);

function lines(find: Find): Line[] {
  const dispatchTarget = { "mobilenet-v2": 450, transformer: 350 };
  const all: Line[] = [];
  for (const model of models) {
    const [plain, graft, jax] = (["tfjs", "graft", "jax-js"] as const).map((engine) => (figure: string, phase?: Row["phase"]) => find(model, engine, figure, { phase }));
    if (!plain || !graft || !jax) continue;
    const both = (figure: string, show: (value: number | undefined) => string | undefined): Pick<Line, "plain" | "graft" | "jax"> => ({ plain: show(plain(figure)), graft: show(graft(figure)), jax: show(jax(figure)) });
    const perVariable = (get: typeof plain): number | undefined => ratio(get("optimizerDispatches"), get("variables"));
    const overMinimum = (get: typeof plain): number | undefined => ratio(get("allocatedBytes"), get("liveBytes"));
    const fixed = (digits: number) => (value: number | undefined) => value?.toFixed(digits);
    const batch = graft("batchBytes");

    all.push({ what: `${model}: dispatches a step`, ...both("dispatches", whole), target: `${dispatchTarget[model]} or fewer`, met: holds([graft("dispatches")], (value) => value <= dispatchTarget[model]) });
    all.push({ what: `${model}: optimizer dispatches a variable`, plain: fixed(1)(perVariable(plain)), graft: fixed(2)(perVariable(graft)), target: "1 or fewer", met: holds([perVariable(graft)], (value) => value <= 1) });
    all.push({ what: `${model}: bytes uploaded a step`, ...both("uploadBytes", mega), target: `the batch (${mega(batch) ?? "?"}) and 4 KB`, met: holds([graft("uploadBytes"), batch], (value, bytes) => value <= bytes + 4096) });
    for (const figure of ["buffersCreated", "bindGroups"]) {
      const replayed = graft(figure, "replay");
      all.push({ what: `${model}: ${figure} in a replayed step`, ...both(figure, whole), graft: whole(replayed) ?? "no replay", target: "0", met: holds([replayed], (value) => value === 0) ?? (graft(figure) === undefined ? undefined : false) });
    }
    for (const figure of ["passes", "submits"]) all.push({ what: `${model}: ${figure} a step`, ...both(figure, whole), target: "" });
    const jsMet = holds([graft("jsMs"), plain("jsMs")], (a, b) => a <= 0.03 * b && a < (jax("jsMs") ?? Infinity));
    all.push({ what: `${model}: JavaScript a step`, ...both("jsMs", ms), target: "3% of plain's, below jax-js", met: jsMet });
    all.push({ what: `${model}: GPU memory allocated`, ...both("allocatedBytes", mega), target: "" });
    all.push({ what: `${model}: liveness minimum`, ...both("liveBytes", mega), target: "" });
    all.push({ what: `${model}: allocated over the minimum`, plain: fixed(2)(overMinimum(plain)), graft: fixed(2)(overMinimum(graft)), jax: fixed(2)(overMinimum(jax)), target: "1.3 or less", met: holds([overMinimum(graft)], (value) => value <= 1.3) });
    const time = ratio(graft("totalMs"), plain("totalMs"));
    all.push({ what: `${model}: time a step`, ...both("totalMs", ms), target: "half of plain's", met: holds([time], (value) => value <= 0.5) });
    for (const backend of ["webgpu", "wasm"] as const) {
      const error = find(model, "graft", "lossError", { backend });
      // The others take a few steps only, to show that they are the same model.
      const few = (engine: Row["engine"]): string | undefined => find(model, engine, "firstLossesError", { backend })?.toExponential(1);
      all.push({ what: `${model}: 20 losses against PyTorch's, ${backend}`, plain: few("tfjs"), graft: error?.toExponential(1), jax: few("jax-js"), target: "1e-3", met: holds([error], (value) => value <= 1e-3) });
    }
  }
  const differ = (engine: Row["engine"]): number | undefined => find("small-transformer", engine, "lossesThatDiffer");
  all.push({ what: "the same run twice: losses of 20 that differ", plain: whole(differ("tfjs")), graft: whole(differ("graft")), target: "0", met: holds([differ("graft")], (value) => value === 0) });
  const growth = find("small-transformer", "graft", "allocatedGrowthBytes");
  all.push({ what: "GPU memory grown over a thousand steps", graft: mega(growth), target: "0", met: holds([growth], (value) => value <= 0) });
  const failed = find("mobilenet-v2", "tfjs", "failed", { backend: "wasm" }) !== undefined;
  all.push({ what: "mobilenet-v2: time a step on wasm", plain: failed ? "throws" : ms(find("mobilenet-v2", "tfjs", "totalMs", { backend: "wasm" })), graft: ms(find("mobilenet-v2", "graft", "totalMs", { backend: "wasm" })), target: "works", met: holds([find("mobilenet-v2", "graft", "totalMs", { backend: "wasm" })], (value) => value > 0) });
  const speedUp = ratio(find("mobilenet-v2", "graft", "totalMsOfTwoExamples", { backend: "cpu" }), find("mobilenet-v2", "graft", "totalMsOfTwoExamples", { backend: "wasm" }));
  all.push({ what: "mobilenet-v2: wasm over the cpu backend", graft: speedUp === undefined ? undefined : `${speedUp.toFixed(1)} times`, target: "8 times or more", met: holds([speedUp], (value) => value >= 8) });
  const epoch = (engine: Row["engine"]): number | undefined => find("small-mobilenet-v2-head", engine, "epochMs", { backend: "wasm", phase: "cached" });
  all.push({ what: "head-only epochs: LayersModel.fit over Graft", plain: ms(epoch("tfjs")), graft: ms(epoch("graft")), target: "20 times or more", met: holds([ratio(epoch("tfjs"), epoch("graft"))], (value) => value >= 20) });
  return all;
}

/** Only the lines of which something was measured. */
export function table({ rows, adapter, commit }: Results): string {
  // A replayed step stands for Graft where there is one.
  const find: Find = (model, engine, figure, { backend = "webgpu", phase } = {}) => {
    const matching = rows.filter((row) => row.model === model && row.engine === engine && row.figure === figure && row.backend === backend);
    const phases: readonly Row["phase"][] = phase ? [phase] : ["replay", "steady"];
    return phases.flatMap((wanted) => matching.filter((row) => row.phase === wanted))[0]?.value;
  };
  const cells = lines(find)
    .filter(({ plain, graft, jax }) => [plain, jax, graft === "no replay" ? undefined : graft].some((cell) => cell !== undefined))
    .map(({ what, plain = "", graft = "", jax = "", target, met }) => [what, plain, graft, jax, target, target === "" || met === undefined ? "" : met ? "yes" : "NO"]);
  const all = [["", "plain", "Graft", "jax-js", "wanted of Graft", "met"], ...cells];
  const widths = (all[0] as string[]).map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  const body = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] as number)).join("  ").trimEnd());
  return [`${adapter}, commit ${commit}`, "", ...body].join("\n");
}
