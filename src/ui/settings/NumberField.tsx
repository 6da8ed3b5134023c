/**
 * A number as text: takes `2e-3` as well as `0.002`, steps with the arrow keys, and says beside itself what is wrong. Text
 * that is no valid value stays here; the setting keeps its last valid one.
 */
import { TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useState, type KeyboardEvent } from "react";
import type { FieldProps } from "../primitives/FieldRow.tsx";
import { parseTyped } from "./controls.ts";
import type { FieldPath } from "./fields.ts";
import classes from "./settings.module.css";
import { stepSetting } from "./stepping.ts";

interface NumberFieldProps {
  readonly path: FieldPath;
  readonly field: FieldProps;
  readonly value: number;
  readonly disabled: boolean;
  readonly onChange: (value: number) => void;
}

export function NumberField({ path, field, value, disabled, onChange }: NumberFieldProps) {
  // What is typed counts as long as the setting is what it was made of: a reset from outside wins.
  const [draft, setDraft] = useState({ text: String(value), value });
  const text = draft.value === value ? draft.text : String(value);
  const { problem } = parseTyped(path, text);
  const errorId = `${field.id}-error`;

  const type = (next: string): void => {
    const typed = parseTyped(path, next);
    setDraft({ text: next, value: typed.problem === null ? typed.value : value });
    if (typed.problem === null) onChange(typed.value);
  };
  const step = (direction: 1 | -1): void => {
    type(String(stepSetting(path, value, direction)));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") step(event.key === "ArrowUp" ? 1 : -1);
    else if (event.key === "Escape" && problem !== null) type(String(value));
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
          if (problem === null) setDraft({ text: String(value), value });
        }}
        onKeyDown={onKeyDown}
        rightSectionWidth={26}
        rightSection={
          // For the mouse only: the keyboard has the arrow keys.
          <span className={classes.steppers} aria-hidden>
            <button type="button" tabIndex={-1} disabled={disabled} onClick={() => step(1)}>
              <IconChevronUp size={12} />
            </button>
            <button type="button" tabIndex={-1} disabled={disabled} onClick={() => step(-1)}>
              <IconChevronDown size={12} />
            </button>
          </span>
        }
      />
      {problem !== null && (
        <p className={classes.error} id={errorId} role="alert">
          {problem} Until then it is {value}.
        </p>
      )}
    </>
  );
}
