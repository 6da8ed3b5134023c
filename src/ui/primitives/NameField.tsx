/** A name that is changed where it stands: the pencil, or Enter on it, opens it; Enter or leaving it keeps it, Escape does not. */
import { ActionIcon, TextInput } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useRef, useState, type ReactNode } from "react";
import { formatSentence, type ErrorSentence } from "../../core/errors.ts";
import classes from "./primitives.module.css";

interface NameFieldProps {
  readonly name: string;
  /** What it is the name of: `project`. */
  readonly what: string;
  /** As it is shown while it is not being changed. */
  readonly children: ReactNode;
  readonly isReadOnly?: boolean;
  /** @returns why it cannot be called that, or null. */
  readonly onRename: (name: string) => Promise<ErrorSentence | null>;
}

export function NameField({ name, what, children, isReadOnly = false, onRename }: NameFieldProps) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<ErrorSentence | null>(null);
  const pencil = useRef<HTMLButtonElement>(null);

  const close = (): void => {
    setText(null);
    setError(null);
    // The field is gone by then, and whoever typed goes on from where they were.
    setTimeout(() => document.activeElement === document.body && pencil.current?.focus());
  };
  const keep = async (): Promise<void> => {
    if (text === null || text === name) return close();
    const refused = await onRename(text);
    if (refused) setError(refused);
    else close();
  };

  if (text === null) {
    return (
      <span className={classes.nameField}>
        {children}
        {!isReadOnly && (
          <ActionIcon ref={pencil} variant="subtle" color="gray" size="sm" aria-label={`Rename ${name}`} onClick={() => setText(name)}>
            <IconPencil size={15} stroke={1.75} aria-hidden />
          </ActionIcon>
        )}
      </span>
    );
  }
  return (
    <TextInput
      size="xs"
      maw={360}
      aria-label={`Name of the ${what}`}
      autoFocus
      value={text}
      error={error && formatSentence(error)}
      errorProps={{ fz: 12.5 }}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => void keep()}
      onKeyDown={(event) => {
        if (event.key === "Enter") void keep();
        if (event.key === "Escape") close();
      }}
    />
  );
}
