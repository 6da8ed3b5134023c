/** A text, or a list of texts with commas between them. It counts when it is left or confirmed with Enter: half a name is no name. */
import { TextInput } from "@mantine/core";
import type { FieldProps } from "../primitives/FieldRow.tsx";

type Text = string | readonly string[];

interface TextFieldProps {
  readonly field: FieldProps;
  readonly value: Text;
  /** What an empty field means. */
  readonly fallback: Text;
  readonly disabled: boolean;
  readonly onChange: (value: Text) => void;
}

const textOf = (value: Text): string => (typeof value === "string" ? value : value.join(", "));

export function TextField({ field, value, fallback, disabled, onChange }: TextFieldProps) {
  const commit = (text: string): void => {
    if (text === textOf(value)) return;
    const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
    onChange(parts.length === 0 ? fallback : typeof value === "string" ? text.trim() : parts);
  };
  return (
    <TextInput
      {...field}
      // A value from outside, a reset say, replaces what was typed.
      key={textOf(value)}
      defaultValue={textOf(value)}
      placeholder={textOf(fallback) || "automatic"}
      autoComplete="off"
      spellCheck={false}
      disabled={disabled}
      onBlur={({ currentTarget }) => commit(currentTarget.value)}
      onKeyDown={({ key, currentTarget }) => {
        if (key === "Enter") commit(currentTarget.value);
      }}
    />
  );
}
