/**
 * What happens when the browser has ended the worker, and with it all that was open there: the project is opened again in the next
 * worker, the run goes on from its last checkpoint, and results, the model of a download and all else are there again; nobody has to
 * press anything. What cannot come back is said.
 */
import { create } from "zustand";
import type { ErrorSentence } from "../core/errors.ts";
import { nextTask } from "../core/next-task.ts";
import { sentenceOf, useWorkerEnds } from "./client.ts";
import { openSummary, useData } from "./data.ts";
import { useModel } from "./model.ts";
import { useProjects } from "./projects.ts";
import { useRecipe } from "./recipe.ts";
import { isUnderWay } from "./run-state.ts";
import { useRun } from "./run.ts";
import { useSession } from "./session.ts";

export type WorkerRecovery =
  | { readonly kind: "none" }
  | { readonly kind: "recovering" }
  /** `lost`: what did not come back, a sentence for each. */
  | { readonly kind: "recovered"; readonly sentence: string; readonly lost: readonly ErrorSentence[] }
  /** It ends again and again: nothing more is tried until somebody asks for it. */
  | { readonly kind: "given-up"; readonly error: ErrorSentence };

interface RecoveryStore {
  readonly state: WorkerRecovery;
  readonly dismiss: () => void;
  /** After it was given up. */
  readonly tryAgain: () => Promise<void>;
}

/** So often without a checkpoint between, and it would go on like that for ever. */
const mostEnds = 3;

/** Ends in a row, and the checkpoint that they left: `null` before the first. */
let ends: { readonly count: number; readonly checkpoint: string } | null = null;
/** What was begun for an end is left when there is another. */
let turn = 0;

export const useRecovery = create<RecoveryStore>()((set) => ({
  state: { kind: "none" },

  dismiss: () => {
    set({ state: { kind: "none" } });
  },

  tryAgain: () => {
    ends = null;
    return recover({ isAskedFor: true });
  },
}));

/** Counts this one. @returns how many there were in a row with nothing reached between */
function countEnd(): number {
  const { kept } = useRun.getState();
  const checkpoint = JSON.stringify(kept);
  ends = { count: ends?.checkpoint === checkpoint ? ends.count + 1 : 1, checkpoint };
  return ends.count;
}

async function recover({ isAskedFor = false } = {}): Promise<void> {
  const mine = ++turn;
  /** Where this worker has ended as well, its calls are refused a moment before that is told. */
  const isLatest = async (): Promise<boolean> => {
    await nextTask();
    return mine === turn;
  };
  const { open } = useProjects.getState();
  const { download } = useSession.getState();
  const { phase } = useData.getState();
  const { run, kept } = useRun.getState();
  const hasData = openSummary({ phase }) !== null || phase.kind === "mapping";
  const set = (state: WorkerRecovery): void => useRecovery.setState({ state });
  if (open === null && !hasData && download.kind !== "open") return set({ kind: "none" });

  if (countEnd() >= mostEnds) {
    const error = { what: `the browser has ended the part of Graft that computes ${mostEnds} times${kept ? ", without a checkpoint between" : ""}`, next: "Most likely this device has too little memory free: close other tabs and programs, or choose smaller batches or a smaller model. What was kept is still there" };
    if (isUnderWay(run)) useRun.getState().end(error);
    return set({ kind: "given-up", error });
  }
  set({ kind: "recovering" });
  const lost: ErrorSentence[] = [];
  const back: string[] = [];

  const isRestored = open !== null && (await useProjects.getState().restore());
  if (!(await isLatest())) return;
  if (isRestored) back.push(`${open.name} is open again`);
  else if (hasData) {
    const error = useData.getState().error ?? { what: "the open data were not kept in this browser, and went with it", next: "Open them again" };
    useData.setState({ phase: { kind: "choosing", previous: null }, error });
    lost.push(error);
  }
  const model = missingModel();
  if (isRestored && model !== null) lost.push(model);

  if (download.kind === "open") {
    await useSession.getState().reopenDownload().catch((error: unknown) => lost.push(sentenceOf(error)));
    if (!(await isLatest())) return;
  }

  const state = isRestored && kept?.project === open.id ? useProjects.getState().open?.runs.find((card) => card.run === kept.run)?.state : undefined;
  const wasUnderWay = isUnderWay(run);
  // The last event of a run is told before its results are kept.
  const goesOn = wasUnderWay || run.kind === "finished" || (isAskedFor && run.kind === "failed");
  if (state === "interrupted" && goesOn) {
    back.push("its run goes on by itself");
    // Until it ends, and whatever goes wrong with it is said where the run is.
    void useRun.getState().recover();
  } else if (state === "finished") {
    await useRun.getState().reopen(kept?.run ?? 0);
    if (!(await isLatest())) return;
    back.push("the results have their model again");
  } else if (wasUnderWay || run.kind === "finished") {
    const error = { what: wasUnderWay ? "the run cannot go on" : "the model of the results is gone", ...(kept ? { next: "Open its project again, and resume it there" } : { wanted: "a run that is kept in a project of this browser", next: "Train again" }) };
    if (wasUnderWay) useRun.getState().end(error);
    lost.push(error);
  }
  // A run has to reach a checkpoint, and all else is well now.
  if (!isUnderWay(useRun.getState().run) && lost.length === 0) ends = null;
  set({ kind: "recovered", sentence: `The browser had ended the part of Graft that computes, and it was started anew${back.length > 0 ? `: ${back.join(", and ")}` : ""}.`, lost });
}

/** One that was brought along and is in no run of the project is in the worker alone. */
function missingModel(): ErrorSentence | null {
  const { cards } = useModel.getState();
  const { model } = useRecipe.getState().recipe;
  return cards.length === 0 || cards.some(({ id }) => id === model) ? null : { where: model, what: "this model was not kept in this browser", next: "Open its files again in the Model step" };
}

useWorkerEnds.subscribe(() => void recover());
