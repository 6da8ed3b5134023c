/** The runs of a project: how each ended, what is noted of it, and what can be done with it. */
import { Button, Checkbox, Textarea } from "@mantine/core";
import { useState } from "react";
import type { RunCard } from "../../protocol/projects.ts";
import { formatCount, formatDuration, scoreFormat } from "../primitives/format.ts";
import classes from "./runs.module.css";
import type { RunColumn, RunOrder } from "./run-order.ts";

export interface RunActions {
  readonly onOpen: (run: RunCard) => void;
  readonly onResume: (run: RunCard) => void;
  readonly onContinue: (run: RunCard) => void;
  readonly onDuplicate: (run: RunCard) => void;
  readonly onDelete: (run: RunCard) => void;
  readonly onNotes: (run: RunCard, notes: string) => void;
}

interface RunsTableProps {
  readonly runs: readonly RunCard[];
  readonly order: RunOrder;
  readonly onOrder: (by: RunColumn) => void;
  /** The colour of each chosen run's curve. */
  readonly chosen: ReadonlyMap<number, string>;
  readonly canChooseMore: boolean;
  readonly onChoose: (run: number) => void;
  /** A run is under way: no other can be opened or begun, and none is changed. */
  readonly isBusy: boolean;
  /** They can only be looked at. */
  readonly isReadOnly: boolean;
  readonly actions: RunActions;
}

const columns: Readonly<Record<RunColumn, string>> = { run: "Run", score: "Result", epochs: "Epochs", seconds: "Time" };
const states = { running: "Under way", interrupted: "Interrupted", finished: "", failed: "Failed", damaged: "Damaged" } as const;

/** The roles are a table's own, said again because where it is narrow it is laid out as cards, of which browsers forget that they are rows. */
export function RunsTable({ runs, order, onOrder, chosen, canChooseMore, onChoose, isBusy, isReadOnly, actions }: RunsTableProps) {
  return (
    <div className={classes.box} role="region" aria-label="Runs" tabIndex={0}>
      <table className={`${classes.table} ${classes.cards}`} role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              Curve
            </th>
            {(Object.keys(columns) as RunColumn[]).map((by) => (
              <th key={by} scope="col" role="columnheader" className={classes.sortable} aria-sort={order.by !== by ? "none" : order.isAscending ? "ascending" : "descending"}>
                <button type="button" className={classes.sort} onClick={() => onOrder(by)}>
                  {columns[by]}
                  <span aria-hidden>{order.by !== by ? "" : order.isAscending ? " ↑" : " ↓"}</span>
                </button>
              </th>
            ))}
            <th scope="col" role="columnheader">
              Notes
            </th>
            <th scope="col" role="columnheader">
              Actions
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {runs.map((card) => (
            <tr key={card.run} role="row">
              <td role="cell">
                <Checkbox aria-label={`Show the curve of ${card.name}`} checked={chosen.has(card.run)} disabled={card.state === "damaged" || (!chosen.has(card.run) && !canChooseMore)} onChange={() => onChoose(card.run)} color={chosen.get(card.run)} />
              </td>
              <th scope="row" role="rowheader">
                {card.name}
                <span className={classes.facts}>
                  {[states[card.state], card.recipe?.model, card.data, card.continues !== null && `from run ${card.continues}'s weights`].filter(Boolean).join(" · ")}
                  {card.error && ` · ${card.error.what}`}
                </span>
              </th>
              <td role="cell" className={classes.figure} data-label={columns.score}>
                {card.headline ? `${scoreFormat(card.headline)(card.headline.after)} ${card.headline.name.toLowerCase()}` : "–"}
              </td>
              <td role="cell" className={classes.figure} data-label={columns.epochs}>
                {card.ended ? formatCount(card.ended.epochs) : "–"}
              </td>
              <td role="cell" className={classes.figure} data-label={columns.seconds}>
                {card.ended ? formatDuration(card.ended.seconds) : "–"}
              </td>
              <td role="cell" className={classes.notes}>
                <Notes key={card.notes} card={card} isReadOnly={isReadOnly} onNotes={actions.onNotes} />
              </td>
              <td role="cell" className={classes.buttons}>
                <Actions card={card} isBusy={isBusy} isReadOnly={isReadOnly} actions={actions} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Kept when one leaves the field. */
function Notes({ card, isReadOnly, onNotes }: { readonly card: RunCard; readonly isReadOnly: boolean } & Pick<RunActions, "onNotes">) {
  const [text, setText] = useState(card.notes);
  if (card.state === "damaged") return null;
  return <Textarea aria-label={`Notes on ${card.name}`} placeholder="What was tried, what came of it" autosize minRows={1} maxRows={6} maxLength={20_000} readOnly={isReadOnly} value={text} onChange={(event) => setText(event.currentTarget.value)} onBlur={() => text !== card.notes && onNotes(card, text)} />;
}

function Actions({ card, isBusy, isReadOnly, actions }: { readonly card: RunCard } & Pick<RunsTableProps, "isBusy" | "isReadOnly" | "actions">) {
  const { state, name, recipe } = card;
  if (state === "running") return null;
  const button = (label: string, onClick: (run: RunCard) => void, isDisabled = isBusy || isReadOnly) => (
    <Button size="compact-xs" variant="default" disabled={isDisabled} onClick={() => onClick(card)} aria-label={`${label}: ${name}`}>
      {label}
    </Button>
  );
  return (
    <div className={classes.actions}>
      {state === "finished" && button("Open", actions.onOpen, isBusy)}
      {(state === "interrupted" || state === "failed") && button("Resume", actions.onResume)}
      {state === "finished" && button("Continue from its weights", actions.onContinue)}
      {recipe && button("Duplicate", actions.onDuplicate)}
      {button("Delete", actions.onDelete)}
    </div>
  );
}
