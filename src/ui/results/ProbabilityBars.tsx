/** What the model thinks of one example: a bar for each class, the tuned model's above the one before fine-tuning. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ClassProbability } from "../../protocol/run.ts";
import { formatCount, formatShare } from "../primitives/format.ts";
import classes from "./ProbabilityBars.module.css";

const firstClasses = 5;

interface ProbabilityBarsProps {
  /** Most probable first. */
  readonly tuned: readonly ClassProbability[];
  readonly base?: readonly ClassProbability[] | undefined;
  /** Of labels, each for itself: those from here up are given. Without it, one class is. */
  readonly threshold?: number;
  readonly stale?: boolean;
}

export function ProbabilityBars({ tuned, base, threshold, stale = false }: ProbabilityBarsProps) {
  const [all, setAll] = useState(false);
  const before = new Map(base?.map(({ name, probability }) => [name, probability]));
  const [first] = tuned;
  const given = threshold === undefined ? [] : tuned.filter(({ probability }) => probability >= threshold);
  const noun = threshold === undefined ? "classes" : "labels";

  return (
    <div className={classes.bars} data-stale={stale || undefined} aria-busy={stale}>
      <p className={classes.answer} role="status">
        {threshold !== undefined && <strong>{given.length === 0 ? "None of the labels" : given.map(({ name }) => name).join(", ")}</strong>}
        {threshold === undefined && first && (
          <>
            <strong>{first.name}</strong> <span className={classes.sure}>{formatShare(first.probability)} sure</span>
          </>
        )}
      </p>
      <table className={classes.table} aria-label="Probabilities">
        <thead>
          <tr>
            <th scope="col">{threshold === undefined ? "Class" : "Label"}</th>
            <td className={classes.barCell} />
            <th scope="col" className={classes.number}>
              <span className={classes.key} data-model="tuned" aria-hidden />
              Fine-tuned
            </th>
            {base && (
              <th scope="col" className={classes.number}>
                <span className={classes.key} data-model="base" aria-hidden />
                Before
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {(all ? tuned : tuned.slice(0, firstClasses)).map(({ name, probability }) => (
            <tr key={name}>
              <th scope="row" title={name}>
                {name}
              </th>
              <td className={classes.barCell}>
                <div className={classes.pair} aria-hidden>
                  <span data-model="tuned" style={{ width: `${probability * 100}%` }} />
                  {base && <span data-model="base" style={{ width: `${(before.get(name) ?? 0) * 100}%` }} />}
                </div>
              </td>
              <td className={classes.number}>{formatShare(probability)}</td>
              {base && <td className={classes.number}>{formatShare(before.get(name) ?? 0)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {tuned.length > firstClasses && (
        <Button variant="subtle" size="xs" mt={8} onClick={() => setAll(!all)}>
          {all ? `Show the first ${firstClasses}` : `Show all ${formatCount(tuned.length)} ${noun}`}
        </Button>
      )}
    </div>
  );
}
