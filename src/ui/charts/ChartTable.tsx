/** A chart's figures as a table: what was validated, or an even choice of the points. */
import { formatCount } from "../primitives/format.ts";
import type { CurveChartProps } from "./CurveChart.tsx";
import classes from "./charts.module.css";
import { lineNames, tableRows } from "./rows.ts";

type ChartTableProps = Pick<CurveChartProps, "rows" | "axis" | "names" | "marks" | "best" | "format"> & { readonly title: string };

const mostRows = 60;

export function ChartTable({ title, rows, axis, names, marks, best, format }: ChartTableProps) {
  const columns = lineNames.filter((name) => name !== "raw" && names[name] !== undefined);
  return (
    <div className={classes.tableRegion} role="region" aria-label={`${title}, figures`} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{axis === "step" ? "Step" : "Epoch"}</th>
            {columns.map((name) => (
              <th key={name} scope="col">
                {names[name]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tableRows(rows, mostRows).map((row) => (
            <tr key={row.x}>
              <th scope="row">
                {axis === "step" ? formatCount(row.x) : Number(row.x.toFixed(2))}
                {row.x === best?.x && <span className={classes.note}> best</span>}
              </th>
              {columns.map((name) => (
                <td key={name}>{row[name] === undefined ? "" : format(row[name])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {marks.length > 0 && (
        <p className={classes.note}>
          Learning rate set by hand: {marks.map(({ x, label }) => `${label} at ${axis} ${axis === "step" ? formatCount(x) : Number(x.toFixed(2))}`).join(", ")}.
        </p>
      )}
    </div>
  );
}
