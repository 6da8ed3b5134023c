/** The first rows of a table, with the questions what the model should learn from it and from which columns. */
import { Button, NativeSelect, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import type { ColumnMapping, TablePreview } from "../../protocol/data.ts";
import { Panel } from "../primitives/Panel.tsx";
import { SectionTitle } from "../primitives/SectionTitle.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { formatPlural } from "../primitives/format.ts";
import { ClassificationPickers } from "./ClassificationPickers.tsx";
import classes from "./ColumnMapper.module.css";
import { describeColumn, describeTable, doubtAbout, doubtAboutWriting, roleOf } from "./columns.ts";

interface ColumnMapperProps {
  readonly preview: TablePreview;
  readonly onConfirm: (mapping: ColumnMapping) => void;
  readonly onBack: () => void;
}

const goals = [
  { value: "text-classification", label: "Sort or rate texts" },
  { value: "text-generation", label: "Write text" },
] as const;

export function ColumnMapper({ preview, onConfirm, onBack }: ColumnMapperProps) {
  const [goal, setGoal] = useState(preview.likelyTask);
  const [sorted, setSorted] = useState(preview.proposed);
  const [written, setWritten] = useState(preview.proposedGeneration);
  const writes = goal === "text-generation";
  const mapping: ColumnMapping = writes ? written : sorted;
  const names = preview.columns.map(({ name }) => name);
  const doubt = writes ? doubtAboutWriting(written) : doubtAbout(preview, sorted);

  return (
    <Panel label="Columns" flush>
      <div className={classes.head}>
        <SectionTitle help={describeTable(preview)}>{preview.fileName}</SectionTitle>
        <div className={classes.goal}>
          <span id="goal-label">What should the model learn?</span>
          <SegmentedControl aria-labelledby="goal-label" value={goal} onChange={(value) => setGoal(value)} data={[...goals]} />
        </div>
        <div className={classes.pickers}>
          {writes ? (
            <>
              <NativeSelect
                label="Prompt column"
                description={written.prompt === undefined ? "Each text stands for itself" : describeColumn(preview, written.prompt, "text")}
                data={[{ value: "", label: "None" }, ...names]}
                value={written.prompt ?? ""}
                onChange={({ currentTarget }) => setWritten({ ...written, prompt: currentTarget.value || undefined })}
              />
              <NativeSelect
                label="Column to write"
                description={describeColumn(preview, written.completion, "text")}
                data={names}
                value={written.completion}
                onChange={({ currentTarget }) => setWritten({ ...written, completion: currentTarget.value })}
              />
            </>
          ) : (
            <ClassificationPickers preview={preview} mapping={sorted} onChange={setSorted} />
          )}
        </div>
        {doubt && <Sentence tone="warning">{doubt.message}</Sentence>}
      </div>

      <div className={classes.scroller} role="region" aria-label="First rows" tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              {names.map((name, column) => (
                <th key={column} scope="col" data-role={roleOf(mapping, name)}>
                  {name}
                  {roleOf(mapping, name) && <span className={classes.role}>{roleOf(mapping, name)}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.rows.map((row, index) => (
              <tr key={index}>
                {names.map((name, column) => (
                  <td key={column} data-role={roleOf(mapping, name)}>
                    <span className={classes.cell}>{row[column]}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>

      <div className={classes.foot}>
        <span>
          First {formatPlural(preview.rows.length, "row")} of {formatPlural(preview.rowCount, "row")}
        </span>
        <div className={classes.actions}>
          <Button variant="default" onClick={onBack}>
            Choose other data
          </Button>
          <Button onClick={() => onConfirm(mapping)} disabled={doubt?.blocks}>
            Use these columns
          </Button>
        </div>
      </div>
    </Panel>
  );
}
