/** What of the run a reload would lose, why, and a way to keep it after all. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { recordOf } from "../../store/run-state.ts";
import { useRun } from "../../store/run.ts";
import { Sentence } from "../../ui/primitives/Sentence.tsx";

export function NotKept() {
  const error = useRun(({ run }) => recordOf(run).notKept);
  const hasEnded = useRun(({ run }) => run.kind === "finished");
  const [isBusy, setBusy] = useState(false);
  if (error === null) return null;
  const keep = async (): Promise<void> => {
    setBusy(true);
    await useRun.getState().keepResults();
    setBusy(false);
  };
  return (
    <Sentence
      tone="warning"
      sentence={{ ...error, where: hasEnded ? "The results could not be kept" : "The last checkpoint could not be kept" }}
      actions={
        hasEnded ? (
          <Button size="xs" variant="default" loading={isBusy} onClick={() => void keep()}>
            Keep them again
          </Button>
        ) : undefined
      }
    />
  );
}
