/** A seed, and a button for those who do not care which but want another. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowsShuffle } from "@tabler/icons-react";
import type { FieldProps } from "./FieldRow.tsx";
import { NumberField } from "./NumberField.tsx";
import classes from "./NumberField.module.css";
import { parseInRange, stepInRange } from "./number-range.ts";

interface SeedFieldProps {
  readonly field: FieldProps;
  readonly value: number;
  readonly disabled?: boolean;
  readonly onChange: (seed: number) => void;
}

const range = { min: 0, max: 4294967295, step: 1, whole: true };

export function SeedField({ field, value, disabled = false, onChange }: SeedFieldProps) {
  return (
    <div className={classes.seed}>
      <div>
        <NumberField field={field} value={value} disabled={disabled} parse={(text) => parseInRange(text, range)} step={(from, direction) => stepInRange(from, range, direction)} onChange={onChange} />
      </div>
      <Tooltip label="Another seed">
        <ActionIcon variant="default" size={36} disabled={disabled} aria-label="Another seed" onClick={() => onChange((value + 1) % range.max)}>
          <IconArrowsShuffle size={16} stroke={1.75} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
