/**
 * Which class was taken for which: rows are the truth, columns what the model said. Every cell is a button that opens its
 * examples; one of them is in the tab order and the arrow keys reach the others. Many classes scroll inside the box.
 */
import { useRef, useState, type CSSProperties, type KeyboardEvent } from "react";
import { Hint } from "../primitives/FieldRow.tsx";
import { formatCount } from "../primitives/format.ts";
import classes from "./ConfusionMatrix.module.css";
import { cellAfter, cellName, drawnClasses, heatOf, type Cell } from "./confusion.ts";

interface ConfusionMatrixProps {
  readonly classNames: readonly string[];
  /** confusion[actual][predicted] */
  readonly confusion: readonly (readonly number[])[];
  readonly onOpen: (cell: Cell) => void;
}

/** More would be ten thousands of buttons that nobody reads. */
const mostClasses = 60;
/** Up to here the columns' names fit when written across. */
const mostAcross = 6;

export function ConfusionMatrix({ classNames, confusion, onOpen }: ConfusionMatrixProps) {
  const drawn = drawnClasses(confusion, mostClasses);
  const body = useRef<HTMLTableSectionElement>(null);
  const [active, setActive] = useState<Cell>({ actual: 0, predicted: 0 });

  const onKeyDown = (event: KeyboardEvent, from: Cell): void => {
    const to = cellAfter(event.key, from, drawn.length);
    if (to === null) return;
    event.preventDefault();
    body.current?.rows[to.actual]?.querySelectorAll("button")[to.predicted]?.focus();
  };

  return (
    <>
      <div className={classes.box}>
        <table className={classes.matrix} aria-label="Confusion matrix" data-across={drawn.length <= mostAcross || undefined}>
          <thead>
            <tr>
              <td className={classes.corner}>Truth, then predicted</td>
              {drawn.map((index) => (
                <th key={index} scope="col" title={classNames[index]}>
                  <span>{classNames[index]}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {drawn.map((actual, row) => {
              const counts = confusion[actual] ?? [];
              const total = counts.reduce((sum, count) => sum + count, 0);
              return (
                <tr key={actual}>
                  <th scope="row" title={classNames[actual]}>
                    {classNames[actual]}
                  </th>
                  {drawn.map((predicted, column) => {
                    const count = counts[predicted] ?? 0;
                    const here = { actual: row, predicted: column };
                    return (
                      <td key={predicted}>
                        <button
                          type="button"
                          className={classes.cell}
                          style={{ "--heat": heatOf(count, total) } as CSSProperties}
                          data-right={actual === predicted || undefined}
                          aria-label={cellName(count, classNames[actual] ?? "", classNames[predicted] ?? "")}
                          aria-disabled={count === 0 || undefined}
                          tabIndex={active.actual === row && active.predicted === column ? 0 : -1}
                          onFocus={() => setActive(here)}
                          onKeyDown={(event) => onKeyDown(event, here)}
                          onClick={() => {
                            if (count > 0) onOpen({ actual, predicted });
                          }}
                        >
                          {formatCount(count)}
                        </button>
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {drawn.length < classNames.length && <Hint>{`The ${drawn.length} classes that are most often mistaken, of ${formatCount(classNames.length)}.`}</Hint>}
    </>
  );
}
