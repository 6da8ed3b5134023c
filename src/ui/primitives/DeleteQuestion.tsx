import { Button } from "@mantine/core";

interface DeleteQuestionProps {
  /** What the button says that deletes. */
  readonly label: string;
  readonly onKeep: () => void;
  readonly onDelete: () => void;
}

/** In place of a row's buttons: what cannot be taken back is asked once more. */
export function DeleteQuestion({ label, onKeep, onDelete }: DeleteQuestionProps) {
  return (
    <>
      <Button size="xs" variant="default" onClick={onKeep}>
        Keep
      </Button>
      <Button size="xs" color="red" onClick={onDelete} autoFocus>
        {label}
      </Button>
    </>
  );
}
