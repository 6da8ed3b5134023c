/**
 * The model as a table of layer groups in the order in which data flows. What learns is checked. Arrow keys go from row to
 * row; right and left open and close; Space freezes and unfreezes.
 */
import { Button, Checkbox } from "@mantine/core";
import { IconArrowBarToDown, IconChevronRight } from "@tabler/icons-react";
import { Fragment, useState, type KeyboardEvent } from "react";
import type { LayerGroup } from "../../core/layer-group.ts";
import { formatCompact, formatCount } from "../primitives/format.ts";
import classes from "./LayerTree.module.css";
import { hasParameters, initiallyExpanded, visibleRows, type LayerRow } from "./layer-rows.ts";
import { trainableCount } from "./selection.ts";

interface LayerTreeProps {
  readonly groups: readonly LayerGroup[];
  readonly trainable: ReadonlySet<string>;
  /** The head's path: it always learns. */
  readonly head: string | undefined;
  /** What the cut means here, where it is drawn. */
  readonly cutNote: string;
  readonly onToggle: (group: LayerGroup, learns: boolean) => void;
  readonly onFromHere: (group: LayerGroup) => void;
}

const states = { all: "learns", some: "partly", none: "frozen" };

export function LayerTree({ groups, trainable, head, cutNote, onToggle, onFromHere }: LayerTreeProps) {
  const [expanded, setExpanded] = useState(() => initiallyExpanded(groups));
  const rows = visibleRows(groups, expanded, trainable);
  const largest = Math.max(1, ...rows.map(({ group }) => group.parameterCount));

  const open = (path: string, opened: boolean): void => {
    setExpanded((before) => {
      const next = new Set(before);
      if (opened) next.add(path);
      else next.delete(path);
      return next;
    });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTableRowElement>, { group, expanded: isOpen }: LayerRow): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const all = [...(event.currentTarget.closest("table")?.querySelectorAll<HTMLElement>("[data-row-focus]") ?? [])];
      const here = all.findIndex((element) => event.currentTarget.contains(element));
      all[here + step]?.focus();
    } else if (event.key === "ArrowRight" && isOpen === false) open(group.path, true);
    else if (event.key === "ArrowLeft" && isOpen === true) open(group.path, false);
    else return;
    event.preventDefault();
  };

  return (
    <table className={classes.tree} role="treegrid" aria-label="Layers">
      <thead>
        <tr>
          <th scope="col">Layer</th>
          <th scope="col" className={classes.number}>
            Parameters
          </th>
          <th scope="col" className={classes.state}>
            State
          </th>
          <th scope="col">
            <span className={classes.hidden}>From here</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const { group, level, expanded: isOpen, learning, belowCut } = row;
          const fixed = group.path === head || !hasParameters(group);
          const learned = trainableCount(group, trainable);
          return (
            <Fragment key={group.path}>
              {belowCut && (
                <tr className={classes.cut} aria-hidden>
                  <td colSpan={4}>
                    <span>{cutNote}</span>
                  </td>
                </tr>
              )}
              <tr aria-level={level} aria-expanded={isOpen ?? undefined} data-learning={learning} onKeyDown={(event) => onKeyDown(event, row)}>
                <td className={classes.layer}>
                  <div className={classes.cell} style={{ paddingInlineStart: (level - 1) * 22 }}>
                    {isOpen === null ? (
                      <span className={classes.noChevron} />
                    ) : (
                      <button
                        type="button"
                        className={classes.chevron}
                        data-open={isOpen || undefined}
                        aria-label={`${isOpen ? "Close" : "Open"} ${group.name}`}
                        onClick={() => open(group.path, !isOpen)}
                      >
                        <IconChevronRight size={14} aria-hidden />
                      </button>
                    )}
                    <Checkbox
                      data-row-focus
                      checked={learning === "all"}
                      indeterminate={learning === "some"}
                      disabled={fixed}
                      onChange={() => onToggle(group, learning !== "all")}
                      aria-label={`${group.path} learns`}
                      title={group.path === head ? "The new head always learns" : group.path}
                    />
                    <span className={classes.names}>
                      <span className={classes.name}>{group.name}</span>
                      <span className={classes.detail}>{group.detail}</span>
                    </span>
                  </div>
                </td>
                <td className={classes.number} title={`${formatCount(learned)} of ${formatCount(group.parameterCount)} learn`}>
                  <span className={classes.count}>{group.parameterCount === 0 ? "none" : formatCompact(group.parameterCount)}</span>
                  <span className={classes.bar} aria-hidden>
                    <span style={{ width: `${(group.parameterCount / largest) * 100}%` }}>
                      <span style={{ width: `${group.parameterCount === 0 ? 0 : (learned / group.parameterCount) * 100}%` }} />
                    </span>
                  </span>
                </td>
                <td className={classes.state}>{group.parameterCount === 0 ? "" : group.path === head ? "new, learns" : states[learning]}</td>
                <td className={classes.action}>
                  {!fixed && (
                    <Button
                      variant="subtle"
                      size="compact-xs"
                      className={classes.fromHere}
                      leftSection={<IconArrowBarToDown size={14} stroke={1.75} aria-hidden />}
                      aria-label={`Unfreeze from ${group.path} to the end`}
                      title="Unfreeze from here to the end, freeze what comes before"
                      onClick={() => onFromHere(group)}
                    >
                      <span className={classes.actionText}>From here</span>
                    </Button>
                  )}
                </td>
              </tr>
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}
