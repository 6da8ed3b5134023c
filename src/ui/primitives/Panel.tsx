/** A sheet of paper on the desk: the one container. Panels stand beside each other, never inside each other. */
import type { ReactNode } from "react";
import classes from "./primitives.module.css";

interface PanelProps {
  readonly children: ReactNode;
  /** Names the panel as a landmark; without it the panel is only a surface. */
  readonly label?: string;
  /** Without padding, for tables and lists that reach the edge. */
  readonly flush?: boolean;
  readonly className?: string;
}

export function Panel({ children, label, flush = false, className }: PanelProps) {
  const names = [classes.panel, flush && classes.flush, className].filter(Boolean).join(" ");
  return label === undefined ? (
    <div className={names}>{children}</div>
  ) : (
    <section className={names} aria-label={label}>
      {children}
    </section>
  );
}
