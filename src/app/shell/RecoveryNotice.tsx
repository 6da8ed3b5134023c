/** The browser has ended the worker: what came back by itself, and what did not. Never loaded late: the server may be gone by then. */
import { Button } from "@mantine/core";
import { useRecovery } from "../../store/recovery.ts";
import { ProgressLine } from "../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../ui/primitives/Sentence.tsx";

export function RecoveryNotice() {
  const state = useRecovery((store) => store.state);
  const { dismiss, tryAgain } = useRecovery.getState();
  switch (state.kind) {
    case "none":
      return null;
    case "recovering":
      return <ProgressLine what="The browser has ended the part of Graft that computes: starting it anew" />;
    case "given-up":
      return (
        <Sentence
          sentence={state.error}
          actions={
            <Button variant="default" size="xs" onClick={() => void tryAgain()}>
              Try again
            </Button>
          }
        />
      );
    case "recovered":
      return (
        <div role="status">
          <Sentence
            tone={state.lost.length > 0 ? "warning" : "note"}
            actions={
              <Button variant="default" size="xs" onClick={dismiss}>
                All right
              </Button>
            }
          >
            {state.sentence}
          </Sentence>
          {state.lost.map((sentence, i) => (
            <Sentence key={i} sentence={sentence} />
          ))}
        </div>
      );
  }
}
