/** The frame of every step: its title (the page's only h1), a lead sentence, its panels, and the way to the next step. */
import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./primitives.module.css";

export interface NextStep {
  /** `Continue to Model` */
  readonly label: string;
  readonly onNext: () => void;
  /** Why it cannot go on yet; the button is then disabled and the reason stands beside it. */
  readonly blocked?: string;
}

interface StepPageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly next?: NextStep;
}

export function StepPage({ title, lead, actions, children, next }: StepPageProps) {
  return (
    <div className={classes.page}>
      <header className={classes.pageHead}>
        <div>
          <h1 className={classes.pageTitle} tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <p className={classes.pageLead}>{lead}</p>}
        </div>
        {actions !== undefined && <div className={classes.pageActions}>{actions}</div>}
      </header>
      {children}
      {next && (
        <footer className={classes.pageFoot}>
          {next.blocked !== undefined && <span className={classes.pageFootNote}>{next.blocked}</span>}
          <Button size="md" onClick={next.onNext} disabled={next.blocked !== undefined} rightSection={<IconArrowRight size={18} aria-hidden />}>
            {next.label}
          </Button>
        </footer>
      )}
    </div>
  );
}
