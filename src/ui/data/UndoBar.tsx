/** Says what was just left out or taken back, and takes it back again. Stays until it is answered or dismissed. */
import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { formatPlural } from "../primitives/format.ts";
import classes from "./UndoBar.module.css";

interface UndoBarProps {
  readonly count: number;
  readonly excluded: boolean;
  readonly onUndo: () => void;
  readonly onDismiss: () => void;
}

export function UndoBar({ count, excluded, onUndo, onDismiss }: UndoBarProps) {
  return (
    <div className={classes.bar} role="status">
      <span>
        {formatPlural(count, "example")} {excluded ? "excluded" : "included again"}
      </span>
      <Button size="xs" variant="default" onClick={onUndo}>
        Undo
      </Button>
      <ActionIcon size="sm" variant="subtle" color="gray" aria-label="Dismiss" onClick={onDismiss}>
        <IconX size={14} aria-hidden />
      </ActionIcon>
    </div>
  );
}
