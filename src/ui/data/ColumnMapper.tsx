/** The first rows of a table, with the question which column is the text and which the label. */
import { Button, NativeSelect } from "@mantine/core";
import { useState } from "react";
import type { ClassificationColumns, ColumnMapping, TablePreview } from "../../protocol/data.ts";
import { Panel } from "../primitives/Panel.tsx";
import { SectionTitle } from "../primitives/SectionTitle.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { formatPlural } from "../primitives/format.ts";
import classes from "./ColumnMapper.module.css";
import { describeColumn, describeTable, doubtAbout } from "./columns.ts";

interface ColumnMapperProps {
  readonly preview: TablePreview;
  readonly onConfirm: (mapping: ColumnMapping) => void;
  readonly onBack: () => void;
}

export function ColumnMapper({ preview, onConfirm, onBack }: ColumnMapperProps) {
  const [mapping, setMapping] = useState<ClassificationColumns>(preview.proposed);
  const names = preview.columns.map(({ name }) => name);
  const doubt = doubtAbout(preview, mapping);
  const roleOf = (name: string): "Text" | "Label" | null => (name === mapping.text ? "Text" : name === mapping.label ? "Label" : null);

  return (
    <Panel label="Columns" flush>
      <div className={classes.head}>
        <SectionTitle help={describeTable(preview)}>{preview.fileName}</SectionTitle>
        <div className={classes.pickers}>
          <NativeSelect
            label="Text column"
            description={describeColumn(preview, mapping.text, "text")}
            data={names}
            value={mapping.text}
            onChange={({ currentTarget }) => setMapping({ ...mapping, text: currentTarget.value })}
          />
          <NativeSelect
            label="Label column"
            description={describeColumn(preview, mapping.label, "label")}
            data={names}
            value={mapping.label}
            onChange={({ currentTarget }) => setMapping({ ...mapping, label: currentTarget.value })}
          />
        </div>
        {doubt && <Sentence tone="warning">{doubt.message}</Sentence>}
      </div>

      <div className={classes.scroller} role="region" aria-label="First rows" tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              {names.map((name, column) => (
                <th key={column} scope="col" data-role={roleOf(name)}>
                  {name}
                  {roleOf(name) && <span className={classes.role}>{roleOf(name)}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.rows.map((row, index) => (
              <tr key={index}>
                {names.map((name, column) => (
                  <td key={column} data-role={roleOf(name)}>
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
