/** How tokens are drawn: seven controls, each with the line that the schema says of it. */
import { ActionIcon, NumberInput, TextInput, Tooltip } from "@mantine/core";
import { IconArrowsShuffle } from "@tabler/icons-react";
import type { z } from "zod";
import { generationSchema } from "../../protocol/generation.ts";
import classes from "./generation.module.css";

type Figure = "temperature" | "topK" | "topP" | "repetitionPenalty" | "maxNewTokens" | "seed";

/** As the store keeps it; `\n` in the stop text is a line break. */
export type DrawingValues = Readonly<Record<Figure, number>> & { readonly stopText: string };

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
  { name: "seed", label: "Seed", step: 1 },
];

function rangeOf(name: Figure): { readonly min: number; readonly max: number; readonly whole: boolean } {
  const inner = generationSchema.shape[name].unwrap();
  return { min: inner.minValue ?? 0, max: inner.maxValue ?? Number.MAX_SAFE_INTEGER, whole: inner.isInt };
}

function helpOf(name: keyof typeof generationSchema.shape): string {
  return (generationSchema.shape[name] satisfies z.ZodType).description ?? "";
}

export function DrawingFields({ values, onChange }: DrawingFieldsProps) {
  return (
    <div className={classes.fields} role="group" aria-label="How it writes">
      {figures.map(({ name, label, step }) => {
        const { min, max, whole } = rangeOf(name);
        const field = (
          <NumberInput
            key={name}
            label={label}
            description={helpOf(name)}
            inputWrapperOrder={["label", "input", "description"]}
            value={values[name]}
            onChange={(value) => {
              if (typeof value === "number") onChange({ [name]: value });
            }}
            min={min}
            max={max}
            step={step}
            allowDecimal={!whole}
            clampBehavior="strict"
          />
        );
        if (name !== "seed") return field;
        return (
          <div key={name} className={classes.seed}>
            {field}
            <Tooltip label="New seed">
              <ActionIcon className={classes.newSeed} variant="default" size={36} aria-label="New seed" onClick={() => onChange({ seed: (values.seed + 1) % max })}>
                <IconArrowsShuffle size={16} stroke={1.75} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </div>
        );
      })}
      <TextInput
        label="Stop text"
        description="Ends where this begins, and leaves it out. \n is a line break. Empty for none."
        inputWrapperOrder={["label", "input", "description"]}
        autoComplete="off"
        spellCheck={false}
        value={values.stopText}
        onChange={({ currentTarget }) => onChange({ stopText: currentTarget.value })}
      />
    </div>
  );
}
