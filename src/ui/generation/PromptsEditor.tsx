/** The fixed prompts that are written on from after every epoch: one line each, added and taken away. */
import { ActionIcon, Button, Textarea } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { FieldProps } from "../primitives/FieldRow.tsx";
import { fieldProblem } from "../settings/fields.ts";
import classes from "./generation.module.css";

interface PromptsEditorProps {
  readonly field: FieldProps;
  readonly prompts: readonly string[];
  /** Without empty ones: a recipe has none. */
  readonly onChange: (prompts: readonly string[]) => void;
}

export function PromptsEditor({ field, prompts, onChange }: PromptsEditorProps) {
  // A line that was added and not yet written on is here alone.
  const [drafts, setDrafts] = useState<readonly string[]>(prompts);
  const written = drafts.filter((draft) => draft !== "");
  const lines = JSON.stringify(written) === JSON.stringify(prompts) ? drafts : prompts;
  const hasRoom = fieldProblem("generation.prompts", Array.from({ length: lines.length + 1 }, () => "one more")) === null;
  const put = (next: readonly string[]): void => {
    setDrafts(next);
    onChange(next.filter((draft) => draft !== ""));
  };
  return (
    <div role="group" id={field.id} aria-labelledby={field["aria-labelledby"]} aria-describedby={field["aria-describedby"]}>
      <ul className={classes.prompts}>
        {lines.map((line, index) => (
          <li key={index} className={classes.promptRow}>
            <Textarea
              aria-label={`Prompt ${index + 1}`}
              autosize
              minRows={1}
              maxRows={4}
              dir="auto"
              value={line}
              onChange={({ currentTarget }) => put(lines.with(index, currentTarget.value))}
            />
            <ActionIcon variant="subtle" color="gray" size={36} aria-label={`Remove prompt ${index + 1}`} onClick={() => put(lines.toSpliced(index, 1))}>
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {hasRoom && (
        <Button mt={lines.length > 0 ? 8 : 0} size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setDrafts([...lines, ""])}>
          Add a prompt
        </Button>
      )}
    </div>
  );
}
