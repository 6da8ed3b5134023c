/**
 * The five steps, drawn as nodes on one stem: a rail when wide, a row when narrow. A step that cannot be opened yet stays
 * in place and says why.
 */
import { IconCheck } from "@tabler/icons-react";
import { stepIds, type StepId } from "../../store/session.ts";
import classes from "./StepNav.module.css";
import type { StepState } from "./steps.ts";

interface StepNavProps {
  readonly steps: readonly StepState[];
  /** None while a downloaded model is open. */
  readonly current: StepId | null;
}

export function StepNav({ steps, current }: StepNavProps) {
  return (
    <nav aria-label="Steps">
      <ol className={classes.steps}>
        {steps.map((step) => (
          <li key={step.id} className={classes.step} data-status={step.status} data-current={step.id === current || undefined}>
            <a
              className={classes.link}
              href={step.status === "locked" ? undefined : `#${step.id}`}
              role="link"
              tabIndex={0}
              aria-disabled={step.status === "locked" || undefined}
              aria-current={step.id === current ? "step" : undefined}
              aria-labelledby={`step-${step.id}`}
              aria-describedby={`step-${step.id}-line`}
            >
              <span className={classes.node} aria-hidden>
                {step.status === "done" ? <IconCheck size={12} stroke={3} /> : stepIds.indexOf(step.id) + 1}
              </span>
              <span className={classes.text}>
                <span className={classes.name} id={`step-${step.id}`}>
                  {step.name}
                </span>
                <span className={classes.line} id={`step-${step.id}-line`}>
                  {step.line}
                </span>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
