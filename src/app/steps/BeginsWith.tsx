/** Said where the next run does not begin with the model's own weights. */
import { Button } from "@mantine/core";
import { isUnderWay } from "../../store/run-state.ts";
import { useRun } from "../../store/run.ts";
import { Sentence } from "../../ui/primitives/Sentence.tsx";

export function BeginsWith() {
  const continues = useRun((state) => state.continues);
  const isBusy = useRun(({ run }) => isUnderWay(run));
  if (!continues || isBusy) return null;
  return (
    <Sentence
      tone="note"
      actions={
        <Button size="xs" variant="default" onClick={() => useRun.getState().beginWith(null)}>
          Begin with the model's own
        </Button>
      }
    >
      The next run begins with the weights of {continues.name}.
    </Sentence>
  );
}
