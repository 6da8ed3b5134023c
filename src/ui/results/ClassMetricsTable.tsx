/** Precision, recall and F1 of each class, and how much of the class was found before and after fine-tuning. */
import { Button, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import type { ClassMetrics } from "../../protocol/run.ts";
import { formatCount, formatMetric } from "../primitives/format.ts";
import classes from "./ClassMetricsTable.module.css";

interface ClassMetricsTableProps {
  readonly after: readonly ClassMetrics[];
  /** In the same order. */
  readonly before: readonly ClassMetrics[];
  readonly noun?: "class" | "label";
}

const firstRows = 12;

export function ClassMetricsTable({ after, before, noun = "class" }: ClassMetricsTableProps) {
  const [one, many] = noun === "class" ? ["Class", "classes"] : ["Label", "labels"];
  const [all, setAll] = useState(false);
  return (
    <>
      <div className={classes.box} role="region" aria-label={`Metrics of each ${noun}`} tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              {[one, "Found, before and after", "Precision", "Recall", "F1", "Examples"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(all ? after : after.slice(0, firstRows)).map(({ name, precision, recall, f1, support }, index) => {
              const earlier = before[index]?.recall ?? 0;
              return (
                <tr key={name}>
                  <th scope="row" title={name}>
                    {name}
                  </th>
                  <td className={classes.change}>
                    <div className={classes.track} aria-hidden>
                      <span className={classes.bar} style={{ width: `${recall * 100}%` }} />
                      <span className={classes.tick} style={{ left: `${earlier * 100}%` }} />
                    </div>
                    <VisuallyHidden>{`from ${formatMetric(earlier)} to ${formatMetric(recall)}`}</VisuallyHidden>
                  </td>
                  <td>{formatMetric(precision)}</td>
                  <td>{formatMetric(recall)}</td>
                  <td>{formatMetric(f1)}</td>
                  <td>{formatCount(support)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {after.length > firstRows && (
        <Button variant="subtle" size="xs" mt={8} onClick={() => setAll(!all)}>
          {all ? `Show fewer ${many}` : `Show all ${formatCount(after.length)} ${many}`}
        </Button>
      )}
    </>
  );
}
