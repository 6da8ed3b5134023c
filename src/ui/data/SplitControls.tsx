/** How much is held back to measure with, and the seed that decides which. */
import type { SplitOptions } from "../../protocol/api.ts";
import { FieldRow, type FieldProps } from "../primitives/FieldRow.tsx";
import { NumberField } from "../primitives/NumberField.tsx";
import { SeedField } from "../primitives/SeedField.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { parseInRange, stepInRange } from "../primitives/number-range.ts";

interface SplitControlsProps {
  readonly options: SplitOptions;
  /** The folders already say which example is for what. */
  readonly fixed: boolean;
  readonly onChange: (options: SplitOptions) => void;
}

/** At least this share is left to learn from. */
const leastTrain = 0.1;

export function SplitControls({ options, fixed, onChange }: SplitControlsProps) {
  const { validation, test, seed } = options;
  const percentField = (field: FieldProps, share: number, { least, other, onShare }: { readonly least: number; readonly other: number; readonly onShare: (share: number) => void }) => {
    const range = { min: least, max: Math.round((1 - leastTrain - other) * 100), step: 5, whole: true };
    return (
      <NumberField
        field={field}
        disabled={fixed}
        suffix=" %"
        value={Math.round(share * 100)}
        parse={(text) => parseInRange(text, range)}
        step={(value, direction) => stepInRange(value, range, direction)}
        onChange={(percent) => onShare(percent / 100)}
      />
    );
  };

  return (
    <div>
      {fixed && <Sentence tone="note">The folders named train, val and test decide the split. Drop the data without them to have it split here.</Sentence>}
      <FieldRow label="Validation share" help="Held back to measure progress while training. Never learned from.">
        {(field) => percentField(field, validation, { least: 1, other: test, onShare: (share) => onChange({ ...options, validation: share }) })}
      </FieldRow>
      <FieldRow label="Test share" help="Kept unseen until the end, for one last honest figure. 0 for none.">
        {(field) => percentField(field, test, { least: 0, other: validation, onShare: (share) => onChange({ ...options, test: share }) })}
      </FieldRow>
      <FieldRow label="Seed" help="Decides which examples are held back. The same seed gives the same split and the same run.">
        {(field) => <SeedField field={field} disabled={fixed} value={seed} onChange={(next) => onChange({ ...options, seed: next })} />}
      </FieldRow>
    </div>
  );
}
