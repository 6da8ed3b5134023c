/** How tokens are drawn: seven controls, each with the line that the schema says of it. */
import { TextInput } from "@mantine/core";
import { useId, type ReactNode } from "react";
import { helpOf, rangeOf, withoutDefault } from "../../core/zod.ts";
import { generationSchema } from "../../protocol/generation.ts";
import { Hint, type FieldProps } from "../primitives/FieldRow.tsx";
import { NumberField } from "../primitives/NumberField.tsx";
import { SeedField } from "../primitives/SeedField.tsx";
import { parseInRange, stepInRange, type NumberRange } from "../primitives/number-range.ts";
import classes from "./generation.module.css";

type Figure = "temperature" | "topK" | "topP" | "repetitionPenalty" | "maxNewTokens";

/** As the store keeps it; `\n` in the stop text is a line break. */
export type DrawingValues = Readonly<Record<Figure | "seed", number>> & { readonly stopText: string };

interface DrawingFieldsProps {
  readonly values: DrawingValues;
  readonly onChange: (change: Partial<DrawingValues>) => void;
}

const figures: readonly { readonly name: Figure; readonly label: string; readonly step: number }[] = [
  { name: "temperature", label: "Temperature", step: 0.1 },
  { name: "topK", label: "Top-k", step: 10 },
  { name: "topP", label: "Top-p", step: 0.05 },
  { name: "repetitionPenalty", label: "Repetition penalty", step: 0.05 },
  { name: "maxNewTokens", label: "Length", step: 50 },
];

function numberRange(name: Figure, step: number): NumberRange {
  const range = rangeOf(withoutDefault(generationSchema.shape[name]));
  if (!range) throw new Error(`The setting ${name} has no range: give its schema one`);
  return { ...range, step };
}

/** Label above, help below, so that the controls of a line stand in one line. */
function Field({ label, help, children }: { readonly label: string; readonly help: string; readonly children: (field: FieldProps) => ReactNode }) {
  const id = useId();
  return (
    <div>
      <label className={classes.label} id={`${id}-label`} htmlFor={id}>
        {label}
      </label>
      {children({ id, "aria-labelledby": `${id}-label`, "aria-describedby": `${id}-help` })}
      <div className={classes.below}>
        <Hint id={`${id}-help`}>{help}</Hint>
      </div>
    </div>
  );
}

export function DrawingFields({ values, onChange }: DrawingFieldsProps) {
  return (
    <div className={classes.fields} role="group" aria-label="How it writes">
      {figures.map(({ name, label, step }) => {
        const range = numberRange(name, step);
        return (
          <Field key={name} label={label} help={helpOf(generationSchema.shape[name])}>
            {(field) => (
              <NumberField
                field={field}
                value={values[name]}
                parse={(text) => parseInRange(text, range)}
                step={(value, direction) => stepInRange(value, range, direction)}
                onChange={(value) => onChange({ [name]: value })}
              />
            )}
          </Field>
        );
      })}
      <Field label="Seed" help={helpOf(generationSchema.shape.seed)}>
        {(field) => <SeedField field={field} value={values.seed} onChange={(seed) => onChange({ seed })} />}
      </Field>
      <Field label="Stop text" help="Ends where this begins, and leaves it out. \n is a line break. Empty for none.">
        {(field) => <TextInput {...field} autoComplete="off" spellCheck={false} value={values.stopText} onChange={({ currentTarget }) => onChange({ stopText: currentTarget.value })} />}
      </Field>
    </div>
  );
}
