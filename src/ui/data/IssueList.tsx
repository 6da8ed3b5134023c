/** What a person should know of their data, most serious first, each with the click that settles it where there is one. */
import { Button } from "@mantine/core";
import type { DataIssue } from "../../protocol/data.ts";
import { Sentence } from "../primitives/Sentence.tsx";
import { formatCount } from "../primitives/format.ts";
import classes from "./IssueList.module.css";

interface IssueListProps {
  readonly issues: readonly DataIssue[];
  /** Items that were excluded since the issues were found. */
  readonly isExcluded: (item: number) => boolean;
  readonly onExclude: (items: readonly number[]) => void;
  readonly onShow: (items: readonly number[]) => void;
}

const order: Readonly<Record<DataIssue["severity"], number>> = { error: 0, warning: 1, note: 2 };

export function IssueList({ issues, isExcluded, onExclude, onShow }: IssueListProps) {
  const sorted = [...issues].sort((a, b) => order[a.severity] - order[b.severity]);
  return (
    <ul className={classes.issues} aria-label="Issues">
      {sorted.map((issue, index) => {
        const left = issue.items.filter((item) => !isExcluded(item));
        return (
          <li key={`${issue.kind}-${index}`}>
            <Sentence
              tone={issue.severity}
              actions={
                issue.items.length > 0 && (
                  <div className={classes.actions}>
                    {left.length > 0 ? (
                      <Button size="xs" variant="default" onClick={() => onExclude(left)}>
                        {left.length === 1 ? "Exclude it" : `Exclude these ${formatCount(left.length)}`}
                      </Button>
                    ) : (
                      <span className={classes.settled}>Excluded</span>
                    )}
                    <Button size="xs" variant="subtle" onClick={() => onShow(issue.items)}>
                      Show {issue.items.length === 1 ? "it" : "them"}
                    </Button>
                  </div>
                )
              }
            >
              {issue.message}
            </Sentence>
          </li>
        );
      })}
    </ul>
  );
}
