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
  /** Why nothing can be changed or begun now. */
  readonly isBusy: boolean;
  readonly actions: RunActions;
}

const columns: Readonly<Record<RunColumn, string>> = { run: "Run", score: "Result", epochs: "Epochs", seconds: "Time" };
const states = { running: "Under way", interrupted: "Interrupted", finished: "", failed: "Failed", damaged: "Damaged" } as const;

export function RunsTable({ runs, order, onOrder, chosen, canChooseMore, onChoose, isBusy, actions }: RunsTableProps) {
  return (
    <div className={classes.box} role="region" aria-label="Runs" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Curve</th>
            {(Object.keys(columns) as RunColumn[]).map((by) => (
              <th key={by} scope="col" aria-sort={order.by !== by ? "none" : order.isAscending ? "ascending" : "descending"}>
                <button type="button" className={classes.sort} onClick={() => onOrder(by)}>
                  {columns[by]}
                  <span aria-hidden>{order.by !== by ? "" : order.isAscending ? " ↑" : " ↓"}</span>
                </button>
              </th>
            ))}
            <th scope="col">Notes</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((card) => (
            <tr key={card.run}>
              <td>
                <Checkbox aria-label={`Show the curve of ${card.name}`} checked={chosen.has(card.run)} disabled={card.state === "damaged" || (!chosen.has(card.run) && !canChooseMore)} onChange={() => onChoose(card.run)} color={chosen.get(card.run)} />
              </td>
              <th scope="row">
                {card.name}
                <span className={classes.facts}>
                  {[states[card.state], card.recipe?.model, card.data, card.continues !== null && `from run ${card.continues}'s weights`].filter(Boolean).join(" · ")}
                  {card.error && ` · ${card.error.what}`}
                </span>
              </th>
              <td>{card.headline ? `${scoreFormat(card.headline)(card.headline.after)} ${card.headline.name.toLowerCase()}` : "–"}</td>
              <td>{card.ended ? formatCount(card.ended.epochs) : "–"}</td>
              <td>{card.ended ? formatDuration(card.ended.seconds) : "–"}</td>
              <td>
                <Notes key={card.notes} card={card} isBusy={isBusy} onNotes={actions.onNotes} />
              </td>
              <td>
                <Actions card={card} isBusy={isBusy} actions={actions} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Kept when one leaves the field. */
function Notes({ card, isBusy, onNotes }: { readonly card: RunCard; readonly isBusy: boolean } & Pick<RunActions, "onNotes">) {
  const [text, setText] = useState(card.notes);
  if (card.state === "damaged") return null;
  return <Textarea aria-label={`Notes on ${card.name}`} placeholder="What was tried, what came of it" autosize minRows={1} maxRows={6} maxLength={20_000} readOnly={isBusy} value={text} onChange={(event) => setText(event.currentTarget.value)} onBlur={() => text !== card.notes && onNotes(card, text)} />;
}

function Actions({ card, isBusy, actions }: { readonly card: RunCard; readonly isBusy: boolean; readonly actions: RunActions }) {
  const { state, name, recipe } = card;
  if (state === "running") return null;
  const button = (label: string, onClick: (run: RunCard) => void) => (
    <Button size="compact-xs" variant="default" disabled={isBusy} onClick={() => onClick(card)} aria-label={`${label}: ${name}`}>
      {label}
    </Button>
  );
  return (
    <div className={classes.actions}>
      {state === "finished" && button("Open", actions.onOpen)}
      {(state === "interrupted" || state === "failed") && button("Resume", actions.onResume)}
      {state === "finished" && button("Continue from its weights", actions.onContinue)}
      {recipe && button("Duplicate", actions.onDuplicate)}
      {button("Delete", actions.onDelete)}
    </div>
  );
}
