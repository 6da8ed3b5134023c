/**
 * The layer map as a table, for keyboards and screen readers: the same boxes, open and closed as on the map, with what each reads
 * and gives. Rows out of sight are not in the page; each says which of all it is.
 */
import { Checkbox } from "@mantine/core";
import { useMemo, useRef } from "react";
import { formatCompact } from "../../primitives/format.ts";
import type { FoldedMap, MapFrame, MapItem } from "./fold.ts";
import classes from "./LayerMap.module.css";
import { stateOf, stateText, type MapSelection } from "./state.ts";
import { useSight } from "./useSight.ts";

interface GraphTableProps {
  readonly map: FoldedMap;
  readonly selection: MapSelection;
  readonly onFold: (path: string, open: boolean) => void;
}

/** In pixels, as LayerMap.module.css has it. */
const rowHeight = 37;

interface Entry {
  readonly entry: MapItem | MapFrame;
  /** Null where there is nothing to open. */
  readonly isOpen: boolean | null;
  readonly what: string;
  readonly reads: string;
}

function entriesOf({ items, frames, edges }: FoldedMap): readonly Entry[] {
  const reads = items.map((): string[] => []);
  for (const { from, to } of edges) reads[to]?.push(items[from]?.id ?? "");
  const framesAt = new Map<number, MapFrame[]>();
  for (const frame of frames) framesAt.set(frame.first, [...(framesAt.get(frame.first) ?? []), frame]);
  return items.flatMap((item, i) => [
    ...(framesAt.get(i) ?? []).map((frame) => ({ entry: frame, isOpen: true, what: "", reads: "" })),
    { entry: item, isOpen: item.isGroup ? false : null, what: item.detail || item.kind, reads: (reads[i] ?? []).join(", ") },
  ]);
}

export function GraphTable({ map, selection, onFold }: GraphTableProps) {
  const entries = useMemo(() => entriesOf(map), [map]);
  const scroller = useRef<HTMLDivElement>(null);
  const { top, bottom } = useSight(scroller);
  const first = Math.max(0, Math.floor(top / rowHeight) - 1);
  const last = Math.min(entries.length, Math.ceil(bottom / rowHeight));

  return (
    <div ref={scroller} className={classes.tableScroll} role="region" aria-label="Layers as a table" tabIndex={0}>
      <table className={classes.table} aria-rowcount={entries.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">Node</th>
            <th scope="col">What</th>
            <th scope="col">Reads</th>
            <th scope="col">Gives</th>
            <th scope="col">Parameters</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          <Gap rows={first} />
          {entries.slice(first, last).map((each, i) => (
            <Row key={"id" in each.entry ? each.entry.id : each.entry.path} {...each} index={first + i + 2} selection={selection} onFold={onFold} />
          ))}
          <Gap rows={entries.length - last} />
        </tbody>
      </table>
    </div>
  );
}

/** The room of rows that are not in the page. */
function Gap({ rows }: { readonly rows: number }) {
  return rows > 0 ? <tr aria-hidden className={classes.gap} style={{ height: rows * rowHeight }} /> : null;
}

interface RowProps extends Entry {
  /** Among all rows, the head's is 1. */
  readonly index: number;
  readonly selection: MapSelection;
  readonly onFold: GraphTableProps["onFold"];
}

function Row({ entry, isOpen, what, reads, index, selection, onFold }: RowProps) {
  const path = "id" in entry ? entry.id : entry.path;
  const state = stateOf(entry.layers, selection);
  return (
    <tr data-state={state} aria-rowindex={index}>
      <th scope="row" style={{ paddingInlineStart: 12 + entry.level * 16 }}>
        <span className={classes.rowName}>
          {isOpen !== null && (
            <button type="button" className={classes.rowFold} aria-expanded={isOpen} aria-label={`${isOpen ? "Close" : "Open"} ${path}`} onClick={() => onFold(path, !isOpen)}>
              <span aria-hidden>{isOpen ? "−" : "+"}</span>
            </button>
          )}
          {state !== "none-to-learn" && (
            <Checkbox
              checked={state === "all"}
              indeterminate={state === "some"}
              disabled={entry.layers.every((layer) => selection.isFixed(layer))}
              onChange={() => selection.onToggle(entry.layers, state !== "all")}
              aria-label={`${path} learns`}
            />
          )}
          {entry.label}
        </span>
      </th>
      <td>{what}</td>
      <td className={classes.reads} title={reads}>
        {reads}
      </td>
      <td className={classes.shape}>{"shape" in entry ? entry.shape : ""}</td>
      <td>{entry.parameterCount > 0 ? formatCompact(entry.parameterCount) : ""}</td>
      <td>{state === "none-to-learn" ? "" : stateText[state]}</td>
    </tr>
  );
}
