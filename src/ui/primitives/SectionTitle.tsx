/** The heading of a panel: a title, one line of help, and what one can do with the whole section. */
import type { ReactNode } from "react";
import classes from "./primitives.module.css";

interface SectionTitleProps {
  readonly children: ReactNode;
  readonly help?: ReactNode;
  readonly actions?: ReactNode;
  readonly id?: string;
}

export function SectionTitle({ children, help, actions, id }: SectionTitleProps) {
  return (
    <div className={classes.sectionHead}>
      <div>
        <h2 className={classes.sectionTitle} id={id}>
          {children}
        </h2>
        {help !== undefined && <p className={classes.help}>{help}</p>}
      </div>
      {actions}
    </div>
  );
}
