/**
 * One control with its label and the line that says what turning it does. The control is told both by id, so that a
 * screen reader says what the eye sees: `<FieldRow label="Epochs" help="…">{(field) => <NumberInput {...field} />}</FieldRow>`.
 */
import { useId, type ReactNode } from "react";
import classes from "./primitives.module.css";

/** What the control must carry. `aria-labelledby` also serves controls that are groups, for which a label element does nothing. */
export interface FieldProps {
  readonly id: string;
  readonly "aria-labelledby": string;
  readonly "aria-describedby"?: string;
}

interface FieldRowProps {
  readonly label: string;
  readonly help?: ReactNode;
  readonly children: (field: FieldProps) => ReactNode;
}

export function FieldRow({ label, help, children }: FieldRowProps) {
  const id = useId();
  return (
    <div className={classes.fieldRow}>
      <div>
        <label className={classes.fieldLabel} id={`${id}-label`} htmlFor={id}>
          {label}
        </label>
        {help !== undefined && (
          <p className={classes.help} id={`${id}-help`}>
            {help}
          </p>
        )}
      </div>
      <div>{children({ id, "aria-labelledby": `${id}-label`, "aria-describedby": help === undefined ? undefined : `${id}-help` })}</div>
    </div>
  );
}

/** A line of help that stands by itself. */
export function Hint({ children, id }: { readonly children: ReactNode; readonly id?: string }) {
  return (
    <p className={classes.help} id={id}>
      {children}
    </p>
  );
}
