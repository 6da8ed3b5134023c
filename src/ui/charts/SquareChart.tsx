/** One figure against another in a square: a line, dots, or both, with the line that they are read against, a sentence, and the same as a table. */
import { useId } from "react";
import { tickFormat } from "./rows.ts";
import classes from "./SquareChart.module.css";
import charts from "./charts.module.css";

export interface SquarePoint {
  readonly x: number;
  readonly y: number;
}

interface SquareChartProps {
  readonly title: string;
  /** One sentence: what the chart shows. */
  readonly summary: string;
  /** What the axes measure. */
  readonly xName: string;
  readonly yName: string;
  /** Both axes go from here to there. */
  readonly range?: readonly [from: number, to: number];
  readonly line?: readonly SquarePoint[];
  readonly dots?: readonly SquarePoint[];
  /** Whether x = y is drawn: what chance or a perfect answer would look like. */
  readonly diagonal?: boolean;
  /** The chart's colour by what was measured: theme.ts, rule 9. */
  readonly split: "validation" | "test";
  readonly asTable: boolean;
}

const mostRows = 60;
const size = 100;

export function SquareChart({ title, summary, xName, yName, range: [from, to] = [0, 1], line = [], dots = [], diagonal = false, split, asTable }: SquareChartProps) {
  const heading = useId();
  const format = tickFormat(Math.max(Math.abs(from), Math.abs(to)));
  const place = (value: number): number => Number((((value - from) / (to - from)) * size).toFixed(2));
  const path = line.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${place(x)} ${size - place(y)}`).join("");
  const points = dots.length > 0 ? dots : line;
  const every = Math.max(1, Math.ceil(points.length / mostRows));
  return (
    <figure className={classes.figure} aria-labelledby={heading}>
      <h3 className={classes.title} id={heading}>
        {title}
      </h3>
      {asTable ? (
        <div className={charts.tableRegion} role="region" aria-label={`${title}, figures`} tabIndex={0}>
          <table className={charts.table}>
            <thead>
              <tr>
                <th scope="col">{xName}</th>
                <th scope="col">{yName}</th>
              </tr>
            </thead>
            <tbody>
              {points
                .filter((_, i) => i % every === 0 || i === points.length - 1)
                .map(({ x, y }, i) => (
                  <tr key={i}>
                    <th scope="row">{format(x)}</th>
                    <td>{format(y)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      ) : (
        points.length > 0 && (
          <div className={classes.chart} data-split={split} aria-hidden>
            <div className={classes.yAxis}>
              <span>{format(from)}</span>
              <span>{yName}</span>
              <span>{format(to)}</span>
            </div>
            <svg viewBox={`0 0 ${size} ${size}`}>
              <path className={classes.grid} d="M0 25H100M0 50H100M0 75H100M25 0V100M50 0V100M75 0V100" />
              {diagonal && <path className={classes.diagonal} d="M0 100L100 0" />}
              <path className={classes.line} d={path} />
              <path className={classes.dots} data-many={dots.length > 20 || undefined} d={dots.map(({ x, y }) => `M${place(x)} ${size - place(y)}h0`).join("")} />
            </svg>
            <div className={classes.xAxis}>
              <span>{format(from)}</span>
              <span>{xName}</span>
              <span>{format(to)}</span>
            </div>
          </div>
        )
      )}
      <figcaption className={classes.summary}>{summary}</figcaption>
    </figure>
  );
}
