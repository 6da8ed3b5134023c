/** A chart with its heading, what it says in one sentence, its key, and the same figures as a table. */
import { Button } from "@mantine/core";
import { useId, useMemo, useState } from "react";
import { Panel } from "../primitives/Panel.tsx";
import { ChartTable } from "./ChartTable.tsx";
import { CurveChart, type CurveChartProps } from "./CurveChart.tsx";
import classes from "./charts.module.css";
import { chartRows, lineNames, type ChartLines } from "./rows.ts";

interface ChartPanelProps extends Omit<CurveChartProps, "rows"> {
  readonly title: string;
  readonly summary: string;
  readonly lines: ChartLines;
}

export function ChartPanel({ title, summary, lines, ...chart }: ChartPanelProps) {
  const [asTable, setAsTable] = useState(false);
  const heading = useId();
  const { axis, names, marks, best, format } = chart;
  const rows = useMemo(() => chartRows(lines, axis), [lines, axis]);
  return (
    <Panel>
      <div className={classes.head}>
        <h2 className={classes.title} id={heading}>
          {title}
        </h2>
        <Button variant="subtle" size="compact-xs" aria-describedby={heading} onClick={() => setAsTable(!asTable)}>
          {asTable ? "Show as chart" : "Show as table"}
        </Button>
      </div>
      <p className={classes.summary}>{summary}</p>
      {asTable ? <ChartTable title={title} rows={rows} axis={axis} names={names} marks={marks} best={best} format={format} /> : <CurveChart rows={rows} {...chart} />}
      <ul className={classes.keys} aria-hidden>
        {lineNames.map(
          (name) =>
            names[name] !== undefined && (
              <li key={name}>
                <span className={classes.key} data-line={name} />
                {names[name]}
              </li>
            ),
        )}
        {best && (
          <li>
            <span className={classes.bestKey} />
            Best epoch
          </li>
        )}
        {marks.length > 0 && (
          <li>
            <span className={classes.markKey} />
            Rate set by hand
          </li>
        )}
      </ul>
    </Panel>
  );
}
