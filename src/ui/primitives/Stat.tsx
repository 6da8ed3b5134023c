/** One figure with its name; StatRow sets several side by side as a description list. */
import type { ReactNode } from "react";
import classes from "./primitives.module.css";

interface StatProps {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
}

export function Stat({ label, value, note }: StatProps) {
  return (
    <div className={classes.stat}>
      <dt className={classes.statLabel}>{label}</dt>
      <dd className={classes.statValue} style={{ margin: 0 }}>
        {value}
      </dd>
      {note !== undefined && (
        <dd className={classes.statNote} style={{ margin: 0 }}>
          {note}
        </dd>
      )}
    </div>
  );
}

/** Wraps Stats. Takes as many columns as fit. */
export function StatRow({ children }: { readonly children: ReactNode }) {
  return <dl className={classes.statRow}>{children}</dl>;
}
