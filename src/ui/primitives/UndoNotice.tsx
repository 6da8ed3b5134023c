/** What was just done, wherever on the page it was asked for, and the way back. Stays until it is answered or dismissed. */
import { Button, CloseButton } from "@mantine/core";
import classes from "./primitives.module.css";

interface UndoNoticeProps {
  /** Null while there is nothing to take back. */
  readonly what: string | null;
  readonly onUndo: () => void;
  readonly onDismiss: () => void;
}

export function UndoNotice({ what, onUndo, onDismiss }: UndoNoticeProps) {
  return (
    <div className={classes.undoNotice} role="status" data-empty={what === null || undefined}>
      {what !== null && (
        <>
          <span className={classes.undoText}>{what}</span>
          <Button variant="default" size="xs" onClick={onUndo}>
            Undo
          </Button>
          <CloseButton size="sm" aria-label="Dismiss" onClick={onDismiss} />
        </>
      )}
    </div>
  );
}
