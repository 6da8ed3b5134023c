/**
 * A number as text: takes `2e-3` as well as `0.002`, steps with the arrow keys, and says beside itself what is wrong. Text
 * that is no valid value stays here; whoever keeps the number keeps its last valid one.
 */
import { TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useState, type KeyboardEvent } from "react";
import type { FieldProps } from "./FieldRow.tsx";
import type { Typed } from "./number-range.ts";
import classes from "./NumberField.module.css";

interface NumberFieldProps {
  readonly field: FieldProps;
  readonly value: number;
  readonly disabled?: boolean;
  /** Shown after the number, and left out again before it is read: ` %`. */
  readonly suffix?: string;
  readonly parse: (text: string) => Typed;
  /** The value that one press of an arrow key leads to. */
  readonly step: (value: number, direction: 1 | -1) => number;
  readonly onChange: (value: number) => void;
}

export function NumberField({ field, value, disabled = false, suffix = "", parse, step, onChange }: NumberFieldProps) {
  const shown = `${value}${suffix}`;
  // What is typed counts as long as the value is what it was made of: a reset from outside wins.
  const [draft, setDraft] = useState({ text: shown, value });
  const text = draft.value === value ? draft.text : shown;
  const read = (typed: string): Typed => parse(suffix === "" ? typed : typed.replace(suffix.trim(), ""));
  const { problem } = read(text);
  const errorId = `${field.id}-error`;

  const type = (next: string): void => {
    const typed = read(next);
    setDraft({ text: next, value: typed.problem === null ? typed.value : value });
    if (typed.problem === null) onChange(typed.value);
  };
  const move = (direction: 1 | -1): void => {
    type(`${step(value, direction)}${suffix}`);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") move(event.key === "ArrowUp" ? 1 : -1);
    else if (event.key === "Escape" && problem !== null) type(shown);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <TextInput
        {...field}
        aria-describedby={problem === null ? field["aria-describedby"] : `${errorId} ${field["aria-describedby"] ?? ""}`}
        classNames={{ input: classes.number }}
        inputMode="decimal"
        autoComplete="off"
        spellCheck={false}
        disabled={disabled}
        error={problem !== null}
        value={text}
        onChange={({ currentTarget }) => type(currentTarget.value)}
        onBlur={() => {
          if (problem === null) setDraft({ text: shown, value });
        }}
        onKeyDown={onKeyDown}
        rightSectionWidth={26}
        rightSection={
          // For the mouse only: the keyboard has the arrow keys.
          <span className={classes.steppers} aria-hidden>
            <button type="button" tabIndex={-1} disabled={disabled} onClick={() => move(1)}>
              <IconChevronUp size={12} />
            </button>
            <button type="button" tabIndex={-1} disabled={disabled} onClick={() => move(-1)}>
              <IconChevronDown size={12} />
            </button>
          </span>
        }
      />
      {problem !== null && (
        <p className={classes.error} id={errorId} role="alert">
          {problem} Until then it is {shown}.
        </p>
      )}
    </>
  );
}
