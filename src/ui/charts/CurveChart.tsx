/**
 * The drawing itself: up to three lines over steps or epochs, the best epoch as a ring, rates set by hand as upright lines.
 * Hidden from assistive technology: ChartPanel says the same in a sentence and as a table.
 */
import { memo } from "react";
import { CartesianGrid, Line, LineChart, ReferenceDot, ReferenceLine, Tooltip, XAxis, YAxis, type TooltipContentProps } from "recharts";
import { formatCount } from "../primitives/format.ts";
import classes from "./charts.module.css";
import { axisTicks, lineNames, tickFormat, type Axis, type ChartRow, type LineName } from "./rows.ts";

export interface ChartMark {
  readonly x: number;
  readonly label: string;
}

export interface CurveChartProps {
  readonly rows: readonly ChartRow[];
  readonly axis: Axis;
  /** Where the axis ends: the planned length while training. */
  readonly end: number;
  /** The value axis ends here; without it, wherever the curves do. */
  readonly top?: number;
  readonly names: Readonly<Partial<Record<LineName, string>>>;
  readonly marks: readonly ChartMark[];
  /** Whether the marks carry their rates; elsewhere the words would lie on the curves. */
  readonly labelsMarks?: boolean;
  readonly best: { readonly x: number; readonly y: number } | null;
  readonly format: (value: number) => string;
}

const colors: Record<LineName, string> = { raw: "var(--g-series-1)", main: "var(--g-series-1)", validation: "var(--g-series-2)" };
/** Beyond this many epochs their dots would run into one thick line. */
const mostDots = 60;
const margin = { top: 14, right: 12, bottom: 0, left: 0 };
const size = { width: "100%", height: 216 };
const tick = { fontSize: 11.5, fill: "var(--g-ink-3)" };
/** Pixels: holds `0.00025` at the ticks' size. */
const valueAxisWidth = 58;
const axisLine = { stroke: "var(--g-line-strong)" };

export const CurveChart = memo(function CurveChart({ rows, axis, end, top, names, marks, labelsMarks = false, best, format }: CurveChartProps) {
  const shown = lineNames.filter((name) => names[name] !== undefined);
  const dotted = rows.filter(({ validation }) => validation !== undefined).length <= mostDots;
  const largest = top ?? Math.max(0, ...rows.flatMap((row) => lineNames.map((name) => row[name] ?? 0)));
  return (
    <div className={classes.chart} aria-hidden>
      <LineChart responsive style={size} data={[...rows]} margin={margin} accessibilityLayer={false}>
        <CartesianGrid vertical={false} stroke="var(--g-line)" />
        <XAxis dataKey="x" type="number" domain={[0, Math.max(end, 1)]} ticks={[...axisTicks(end)]} tick={tick} tickLine={false} axisLine={axisLine} tickFormatter={formatCount} minTickGap={24} height={24} />
        <YAxis domain={[0, top ?? "auto"]} tick={tick} tickLine={false} axisLine={false} tickFormatter={tickFormat(largest)} width={valueAxisWidth} tickCount={5} />
        <Tooltip isAnimationActive={false} cursor={axisLine} content={(props) => <Reading {...props} axis={axis} names={names} format={format} />} />
        {marks.map(({ x, label }, i) => (
          <ReferenceLine
            key={i}
            x={x}
            stroke="var(--g-ink-3)"
            strokeDasharray="3 3"
            label={labelsMarks ? { value: label, position: x > end * 0.8 ? "insideTopRight" : "insideTopLeft", fontSize: 11.5, fill: "var(--g-ink-2)", offset: 4 } : undefined}
          />
        ))}
        {shown.map((name) => (
          <Line
            key={name}
            dataKey={name}
            type="linear"
            stroke={colors[name]}
            strokeWidth={name === "raw" ? 1 : 1.75}
            strokeOpacity={name === "raw" ? 0.28 : 1}
            dot={name === "validation" && dotted ? { r: 2.5, fill: colors.validation, strokeWidth: 0 } : false}
            activeDot={name === "raw" ? false : { r: 3.5, strokeWidth: 0 }}
            connectNulls
            isAnimationActive={false}
          />
        ))}
        {best && <ReferenceDot x={best.x} y={best.y} r={5.5} fill="none" stroke="var(--g-ink)" strokeWidth={1.5} />}
      </LineChart>
    </div>
  );
});

interface ReadingProps extends TooltipContentProps {
  readonly axis: Axis;
  readonly names: CurveChartProps["names"];
  readonly format: (value: number) => string;
}

/** What lies under the pointer. */
function Reading({ active, label, payload, axis, names, format }: ReadingProps) {
  if (!active || payload.length === 0) return null;
  const x = Number(label);
  return (
    <div className={classes.reading}>
      <div className={classes.readingAt}>{axis === "step" ? `Step ${formatCount(x)}` : `Epoch ${Number(x.toFixed(2))}`}</div>
      {payload.map(({ dataKey, value }) => {
        const name = lineNames.find((line) => line === dataKey);
        return (
          name && (
            <div key={name} className={classes.readingLine}>
              <span className={classes.key} data-line={name} />
              <span>{names[name]}</span>
              <span className={classes.readingValue}>{format(Number(value))}</span>
            </div>
          )
        );
      })}
    </div>
  );
}
