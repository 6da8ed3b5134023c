/**
 * The run at a pace of the reader's own: events come ten times a second, and a chart need not be drawn that often. Charts
 * with different paces are drawn in different frames, which keeps each frame short.
 */
import { useEffect, useState } from "react";
import type { Run } from "../../../store/run-state.ts";
import { useRun } from "../../../store/run.ts";

export function useSampledRun(everyMs: number): Run {
  const [run, setRun] = useState(() => useRun.getState().run);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = (): void => {
      timer = undefined;
      setRun(useRun.getState().run);
    };
    const schedule = (waitMs: number): void => {
      timer ??= setTimeout(read, waitMs);
    };
    schedule(0);
    const unsubscribe = useRun.subscribe(() => schedule(everyMs));
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [everyMs]);
  return run;
}
