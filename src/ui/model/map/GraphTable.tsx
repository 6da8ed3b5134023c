/** The layer map as a table, for keyboards and screen readers: the same boxes, open and closed as on the map, with what each reads and gives. */
import { Checkbox } from "@mantine/core";
import { formatCompact } from "../../primitives/format.ts";
import type { FoldedMap, MapFrame, MapItem } from "./fold.ts";
import classes from "./LayerMap.module.css";
import { stateOf, stateText, type MapSelection } from "./state.ts";

interface GraphTableProps {
  readonly map: FoldedMap;
  readonly selection: MapSelection;
  readonly onFold: (path: string, open: boolean) => void;
}

export function GraphTable({ map, selection, onFold }: GraphTableProps) {
  const { items, frames, edges } = map;
  const reads = new Map<number, string[]>();
  for (const { from, to } of edges) reads.set(to, [...(reads.get(to) ?? []), items[from]?.id ?? ""]);
  const framesAt = new Map<number, MapFrame[]>();
  for (const frame of frames) framesAt.set(frame.first, [...(framesAt.get(frame.first) ?? []), frame]);

  return (
    <div className={classes.tableScroll} role="region" aria-label="Layers as a table" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">What</th>
            <th scope="col">Reads</th>
            <th scope="col">Gives</th>
            <th scope="col">Parameters</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item, i) => [
            ...(framesAt.get(i) ?? []).map((frame) => <Row key={frame.path} entry={frame} isOpen what="" reads="" selection={selection} onFold={onFold} />),
            <Row key={item.id} entry={item} isOpen={item.isGroup ? false : null} what={item.detail || item.kind} reads={(reads.get(i) ?? []).join(", ")} selection={selection} onFold={onFold} />,
          ])}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly entry: MapItem | MapFrame;
  /** Null where there is nothing to open. */
  readonly isOpen: boolean | null;
  readonly what: string;
  readonly reads: string;
  readonly selection: MapSelection;
  readonly onFold: GraphTableProps["onFold"];
}

function Row({ entry, isOpen, what, reads, selection, onFold }: RowProps) {
  const path = "id" in entry ? entry.id : entry.path;
  const state = stateOf(entry.layers, selection);
  return (
    <tr data-state={state}>
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
