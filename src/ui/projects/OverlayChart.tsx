/** The curves of several runs in one drawing, each in its own colour. Hidden from assistive technology: the table above has the figures. */
import { CartesianGrid, Line, LineChart, XAxis, YAxis } from "recharts";
import { axisTicks, tickFormat } from "../charts/rows.ts";
import chart from "../charts/charts.module.css";

export interface OverlayLine {
  readonly name: string;
  readonly color: string;
  readonly points: readonly { readonly epoch: number; readonly value: number }[];
}

const tick = { fontSize: 11.5, fill: "var(--g-ink-3)" };
const size = { width: "100%", height: 260 };

export function OverlayChart({ lines }: { readonly lines: readonly OverlayLine[] }) {
  const end = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ epoch }) => epoch)));
  const largest = Math.max(0, ...lines.flatMap(({ points }) => points.map(({ value }) => value)));
  return (
    <>
      <div className={chart.chart} aria-hidden>
        <LineChart responsive style={size} margin={{ top: 14, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--g-line)" />
          <XAxis dataKey="epoch" type="number" domain={[0, end]} ticks={[...axisTicks(end)]} tick={tick} tickLine={false} axisLine={{ stroke: "var(--g-line-strong)" }} height={24} allowDuplicatedCategory={false} />
          <YAxis domain={[0, "auto"]} tick={tick} tickLine={false} axisLine={false} tickFormatter={tickFormat(largest)} width={58} tickCount={5} />
          {lines.map(({ name, color, points }) => (
            <Line key={name} data={[...points]} dataKey="value" name={name} type="linear" stroke={color} strokeWidth={1.75} dot={points.length <= 60 ? { r: 2, fill: color, strokeWidth: 0 } : false} isAnimationActive={false} />
          ))}
        </LineChart>
      </div>
      <ul className={chart.keys}>
        {lines.map(({ name, color }) => (
          <li key={name}>
            <span className={chart.key} style={{ background: color, borderColor: color }} aria-hidden />
            {name}
          </li>
        ))}
      </ul>
    </>
  );
}
