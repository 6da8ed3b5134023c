/** Which columns hold the texts, and what is to be predicted from which. */
import { Checkbox, NativeSelect, SegmentedControl } from "@mantine/core";
import { labelColumns } from "../../core/label-columns.ts";
import { targetOf, type ClassificationColumns, type TablePreview } from "../../protocol/data.ts";
import type { TextTarget } from "../../protocol/recipe.ts";
import { formatPlural } from "../primitives/format.ts";
import classes from "./ColumnMapper.module.css";
import { describeColumn, withTarget } from "./columns.ts";

interface ClassificationPickersProps {
  readonly preview: TablePreview;
  readonly mapping: ClassificationColumns;
  readonly onChange: (mapping: ClassificationColumns) => void;
}

const targets: readonly { readonly value: TextTarget; readonly label: string; readonly help: string }[] = [
  { value: "single-label", label: "One class", help: "Each row is of exactly one class." },
  { value: "multi-label", label: "Several labels", help: "Any number of labels a row: a list with ; | or , between, or a column of 0 and 1 for each." },
  { value: "regression", label: "A number", help: "Each row has a number, such as a score or a rating." },
];
/** Among the choices for the label of a row with several. */
const flagColumns = "\u0000flags";

export function ClassificationPickers({ preview, mapping, onChange }: ClassificationPickersProps) {
  const names = preview.columns.map(({ name }) => name);
  const target = targetOf(mapping);
  const labels = labelColumns(mapping);
  const flags = preview.columns.filter(({ isFlag, name }) => isFlag && name !== mapping.text && name !== mapping.secondText).map(({ name }) => name);
  const isFlagged = typeof mapping.label !== "string";

  return (
    <>
      <NativeSelect label="Text column" description={describeColumn(preview, mapping.text, "text")} data={names} value={mapping.text} onChange={({ currentTarget }) => onChange({ ...mapping, text: currentTarget.value })} />
      <NativeSelect
        label="Second text"
        description={mapping.secondText === undefined ? "For pairs, such as a question and its answer" : describeColumn(preview, mapping.secondText, "text")}
        data={[{ value: "", label: "None" }, ...names.map((name) => ({ value: name, label: name }))]}
        value={mapping.secondText ?? ""}
        onChange={({ currentTarget }) => onChange({ ...mapping, secondText: currentTarget.value || undefined })}
      />
      <div className={classes.target}>
        <span className={classes.targetLabel} id="target-label">
          Predict
        </span>
        <span className={classes.targetHelp}>{targets.find(({ value }) => value === target)?.help}</span>
        <SegmentedControl
          aria-labelledby="target-label"
          value={target}
          data={targets.map(({ value, label }) => ({ value, label }))}
          onChange={(value) => onChange(withTarget(preview, mapping, value))}
        />
      </div>
      <NativeSelect
        label={target === "regression" ? "Number column" : "Label column"}
        description={isFlagged ? `${formatPlural(labels.length, "column")} of 0 and 1` : describeColumn(preview, labels[0] ?? "", target)}
        data={[...(target === "multi-label" && flags.length > 1 ? [{ value: flagColumns, label: "Columns of 0 and 1" }] : []), ...names.map((name) => ({ value: name, label: name }))]}
        value={isFlagged ? flagColumns : labels[0]}
        onChange={({ currentTarget }) => onChange({ ...mapping, label: currentTarget.value === flagColumns ? flags : currentTarget.value })}
      />
      {isFlagged && (
        <Checkbox.Group label="Labels" description="Each column that is ticked is a label." value={[...labels]} onChange={(chosen) => onChange({ ...mapping, label: flags.filter((name) => chosen.includes(name)) })}>
          <div className={classes.flags}>
            {flags.map((name) => (
              <Checkbox key={name} value={name} label={name} />
            ))}
          </div>
        </Checkbox.Group>
      )}
    </>
  );
}
