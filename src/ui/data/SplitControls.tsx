/** How much is held back to measure with, and the seed that decides which. */
import { ActionIcon, Group, NumberInput, Tooltip } from "@mantine/core";
import { IconArrowsShuffle } from "@tabler/icons-react";
import type { SplitOptions } from "../../protocol/api.ts";
import { FieldRow } from "../primitives/FieldRow.tsx";
import { Sentence } from "../primitives/Sentence.tsx";

interface SplitControlsProps {
  readonly options: SplitOptions;
  /** The folders already say which example is for what. */
  readonly fixed: boolean;
  readonly onChange: (options: SplitOptions) => void;
}

/** At least this share is left to learn from. */
const leastTrain = 0.1;
const largestSeed = 4294967295;

const toShare = (percent: string | number): number | null => (typeof percent === "number" ? percent / 100 : null);

export function SplitControls({ options, fixed, onChange }: SplitControlsProps) {
  const { validation, test, seed } = options;
  const most = (other: number): number => Math.round((1 - leastTrain - other) * 100);
  const percent = (share: number): number => Math.round(share * 100);

  return (
    <div>
      {fixed && <Sentence tone="note">The folders named train, val and test decide the split. Drop the data without them to have it split here.</Sentence>}
      <FieldRow label="Validation share" help="Held back to measure progress while training. Never learned from.">
        {(field) => (
          <NumberInput
            {...field}
            disabled={fixed}
            value={percent(validation)}
            onChange={(value) => {
              const share = toShare(value);
              if (share !== null) onChange({ ...options, validation: share });
            }}
            min={1}
            max={most(test)}
            step={5}
            suffix=" %"
            clampBehavior="strict"
            allowDecimal={false}
          />
        )}
      </FieldRow>
      <FieldRow label="Test share" help="Kept unseen until the end, for one last honest figure. 0 for none.">
        {(field) => (
          <NumberInput
            {...field}
            disabled={fixed}
            value={percent(test)}
            onChange={(value) => {
              const share = toShare(value);
              if (share !== null) onChange({ ...options, test: share });
            }}
            min={0}
            max={most(validation)}
            step={5}
            suffix=" %"
            clampBehavior="strict"
            allowDecimal={false}
          />
        )}
      </FieldRow>
      <FieldRow label="Seed" help="Decides which examples are held back. The same seed gives the same split and the same run.">
        {(field) => (
          <Group gap={8} wrap="nowrap">
            <NumberInput
              {...field}
              disabled={fixed}
              value={seed}
              onChange={(value) => {
                if (typeof value === "number") onChange({ ...options, seed: value });
              }}
              min={0}
              max={largestSeed}
              clampBehavior="strict"
              allowDecimal={false}
              flex={1}
            />
            <Tooltip label="Another seed">
              <ActionIcon variant="default" size={36} disabled={fixed} aria-label="Another seed" onClick={() => onChange({ ...options, seed: (seed + 1) % largestSeed })}>
                <IconArrowsShuffle size={16} stroke={1.75} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </Group>
        )}
      </FieldRow>
    </div>
  );
}
