/** How many examples each class has, and where they went: a bar to compare by eye, the counts to know. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ClassSummary, Split } from "../../protocol/data.ts";
import { formatCount } from "../primitives/format.ts";
import classes from "./ClassTable.module.css";
import { splitNames, splits } from "./splits.ts";

interface ClassTableProps {
  readonly words: { readonly one: string; readonly many: string };
  readonly summaries: readonly ClassSummary[];
  readonly counts: Readonly<Record<Split, number>>;
  /** The class that the browser below shows, if only one. */
  readonly shown: string | null;
  readonly onShow: (name: string) => void;
}

const firstRows = 12;

function total({ counts }: ClassSummary): number {
  return splits.reduce((sum, split) => sum + counts[split], 0);
}

export function ClassTable({ words, summaries, counts, shown, onShow }: ClassTableProps) {
  const [all, setAll] = useState(false);
  const used = splits.filter((split) => counts[split] > 0 || split !== "test");
  const largest = Math.max(1, ...summaries.map(total));
  const rows = all ? summaries : summaries.slice(0, firstRows);

  return (
    <>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{words.one}</th>
            <td className={classes.barCell} />
            {used.map((split) => (
              <th key={split} scope="col" className={classes.number}>
                <span className={classes.key} data-split={split} aria-hidden />
                {splitNames[split]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((summary) => (
            <tr key={summary.name} data-shown={summary.name === shown || undefined}>
              <th scope="row">
                <button type="button" className={classes.name} onClick={() => onShow(summary.name)} aria-pressed={summary.name === shown} title={`Show only ${summary.name}`}>
                  {summary.name}
                </button>
              </th>
              <td className={classes.barCell}>
                <div className={classes.bar} aria-hidden>
                  {used.map((split) => (
                    <span key={split} data-split={split} style={{ width: `${(summary.counts[split] / largest) * 100}%` }} />
                  ))}
                </div>
              </td>
              {used.map((split) => (
                <td key={split} className={classes.number}>
                  {formatCount(summary.counts[split])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.many === "labels" ? "Rows" : "Together"}</th>
            <td className={classes.barCell} />
            {used.map((split) => (
              <td key={split} className={classes.number}>
                {formatCount(counts[split])}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
      {summaries.length > firstRows && (
        <Button variant="subtle" size="xs" mt={8} onClick={() => setAll(!all)}>
          {all ? `Show fewer ${words.many}` : `Show all ${formatCount(summaries.length)} ${words.many}`}
        </Button>
      )}
    </>
  );
}
