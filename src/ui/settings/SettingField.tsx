/** One setting of the recipe: its label, its control, what turning it does, its default, and the way back to it. */
import { NativeSelect, Switch } from "@mantine/core";
import { useRef, type ReactNode } from "react";
import { FieldRow, type FieldProps } from "../primitives/FieldRow.tsx";
import { NumberField } from "../primitives/NumberField.tsx";
import { TextField } from "./TextField.tsx";
import { fieldControl, fieldLabel, formatField, parseTyped } from "./controls.ts";
import { fieldHelp, type FieldPath, type FieldValue } from "./fields.ts";
import classes from "./settings.module.css";
import { stepSetting } from "./stepping.ts";

interface SettingFieldProps<Path extends FieldPath> {
  readonly path: Path;
  readonly value: FieldValue<Path>;
  /** Its default. */
  readonly fallback: FieldValue<Path>;
  /** Where another setting makes this one moot. */
  readonly disabled?: boolean;
  /** Below the control. */
  readonly children?: ReactNode;
  readonly onChange: (value: FieldValue<Path>) => void;
}

export function SettingField<Path extends FieldPath>({ path, value, fallback, disabled = false, children, onChange }: SettingFieldProps<Path>) {
  const input = fieldControl(path);
  const row = useRef<HTMLDivElement>(null);
  const changed = JSON.stringify(value) !== JSON.stringify(fallback);

  // The button that was pressed goes away with the change; the focus stays with the setting.
  const reset = (): void => {
    onChange(fallback);
    row.current?.querySelector<HTMLElement>("input, select")?.focus();
  };
  // The kind of control comes from the field's own schema, and so gives the field's own kind of value.
  const take = (next: number | boolean | string | readonly string[]): void => onChange(next as FieldValue<Path>);
  const control = (field: FieldProps): ReactNode => {
    switch (input.kind) {
      case "number":
        return <NumberField field={field} value={value as number} disabled={disabled} parse={(text) => parseTyped(path, text)} step={(from, direction) => stepSetting(path, from, direction)} onChange={take} />;
      case "switch":
        return <Switch {...field} size="md" disabled={disabled} checked={value as boolean} onChange={({ currentTarget }) => take(currentTarget.checked)} />;
      case "text":
        return <TextField field={field} value={value as string | readonly string[]} fallback={fallback as string | readonly string[]} disabled={disabled} onChange={take} />;
      case "choice":
        return <NativeSelect {...field} disabled={disabled} value={value as string} onChange={({ currentTarget }) => take(currentTarget.value)} data={[...input.options]} />;
    }
  };

  return (
    <div ref={row} className={classes.setting} data-disabled={disabled || undefined}>
      <FieldRow
        label={fieldLabel(path)}
        help={
          <>
            {fieldHelp(path)}{" "}
            {changed ? (
              <button type="button" className={classes.reset} disabled={disabled} onClick={reset}>
                Reset to {formatField(fallback)}
              </button>
            ) : (
              <span className={classes.fallback}>Default: {formatField(fallback)}.</span>
            )}
          </>
        }
      >
        {(field) => (
          <>
            {control(field)}
            {children}
          </>
        )}
      </FieldRow>
    </div>
  );
}
