/** A newer Graft is on this device: offered beside the work, never put in its place, and not at all while a model trains. */
import { Button } from "@mantine/core";
import { isUnderWay } from "../../store/run-state.ts";
import { useRun } from "../../store/run.ts";
import { Sentence } from "../../ui/primitives/Sentence.tsx";
import { useUpdate } from "../service-worker/updates.ts";

export function UpdateNotice() {
  const update = useUpdate();
  const isBusy = useRun(({ run }) => isUnderWay(run));
  if (update === null || isBusy) return null;
  return (
    <div role="status">
      <Sentence
        tone="note"
        actions={
          <Button variant="default" size="xs" onClick={update}>
            Reload with it
          </Button>
        }
      >
        A new version of Graft is ready. What is open now is closed when the page is loaded anew.
      </Sentence>
    </div>
  );
}
