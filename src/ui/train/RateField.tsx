/** Another learning rate while the run goes on. */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { FieldRow } from "../primitives/FieldRow.tsx";
import { formatRate } from "./figures.ts";
import classes from "./train.module.css";

interface RateFieldProps {
  /** What it is now, shown until another is typed. */
  readonly current: number | null;
  readonly onApply: (rate: number) => void;
}

const largest = 10;

export function RateField({ current, onApply }: RateFieldProps) {
  const [value, setValue] = useState("");
  // As text, so that 2e-5 can be typed as it is written.
  const rate = Number(value);
  const valid = value.trim() !== "" && rate > 0 && rate <= largest;
  const wrong = value !== "" && !valid ? `Between 0 and ${largest}, and not 0.` : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!valid) return;
        onApply(rate);
        setValue("");
      }}
    >
      <FieldRow label="Learning rate" help="From the next step on; the schedule goes on from there. Lower it when the loss jumps, raise it when nothing happens.">
        {(field) => (
          <div className={classes.rate}>
            <TextInput {...field} value={value} onChange={({ currentTarget }) => setValue(currentTarget.value)} placeholder={current === null ? undefined : formatRate(current)} inputMode="decimal" error={wrong} />
            <Button type="submit" variant="default" disabled={!valid}>
              Apply
            </Button>
          </div>
        )}
      </FieldRow>
    </form>
  );
}
