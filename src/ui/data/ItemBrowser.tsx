/**
 * The examples, a page at a time, so that a hundred thousand of them cost no more than sixty. A click, or Space, leaves an
 * example out; the arrow keys go through the page.
 */
import { Button, NativeSelect, Pagination, SegmentedControl } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useRef, useState, type FocusEvent, type KeyboardEvent } from "react";
import type { DataItem, ItemPage, Split } from "../../protocol/data.ts";
import type { TaskId } from "../../protocol/recipe.ts";
import { formatCount } from "../primitives/format.ts";
import classes from "./ItemBrowser.module.css";
import { ImageTile, TextRow } from "./ItemTile.tsx";
import { moveFocus } from "./grid-focus.ts";
import { splitNames, splits } from "./splits.ts";

export interface ItemFilter {
  readonly label: string | null;
  readonly split: Split | null;
  /** Only these, as an issue listed them. */
  readonly indices: readonly number[] | null;
  /** 0-based. */
  readonly page: number;
}

export const allItems: ItemFilter = { label: null, split: null, indices: null, page: 0 };

interface ItemBrowserProps {
  readonly task: TaskId;
  /** None where there is nothing to choose by. */
  readonly classNames: readonly string[];
  /** `All classes` */
  readonly allNames: string;
  readonly usedSplits: readonly Split[];
  readonly filter: ItemFilter;
  readonly pageSize: number;
  /** Null until the first page has come. */
  readonly page: ItemPage | null;
  readonly isExcluded: (item: DataItem) => boolean;
  readonly onFilter: (filter: ItemFilter) => void;
  readonly onToggle: (item: DataItem) => void;
}

export function ItemBrowser({ task, classNames, allNames, usedSplits, filter, pageSize, page, isExcluded, onFilter, onToggle }: ItemBrowserProps) {
  const list = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const images = task === "image-classification";
  const Tile = images ? ImageTile : TextRow;
  const total = page?.total ?? 0;
  const first = filter.page * pageSize;
  const items = page?.items ?? [];

  const onKeyDown = (event: KeyboardEvent): void => {
    if (list.current && moveFocus(list.current, event.key)) event.preventDefault();
  };
  const onFocus = (event: FocusEvent): void => {
    const index = [...(list.current?.children ?? [])].indexOf(event.target);
    if (index >= 0) setActive(index);
  };

  return (
    <>
      <div className={classes.filters}>
        {filter.indices === null ? (
          <>
            {classNames.length > 0 && (
              <NativeSelect
                aria-label="Class"
                value={filter.label ?? ""}
                onChange={({ currentTarget }) => onFilter({ ...filter, label: currentTarget.value || null, page: 0 })}
                data={[{ value: "", label: allNames }, ...classNames.map((name) => ({ value: name, label: name }))]}
              />
            )}
            <SegmentedControl
              aria-label="Split"
              value={filter.split ?? "all"}
              onChange={(value) => onFilter({ ...filter, split: splits.find((split) => split === value) ?? null, page: 0 })}
              data={[{ value: "all", label: "All" }, ...usedSplits.map((split) => ({ value: split, label: splitNames[split] }))]}
            />
          </>
        ) : (
          <Button variant="default" rightSection={<IconX size={14} aria-hidden />} onClick={() => onFilter(allItems)}>
            Showing {formatCount(filter.indices.length)} from an issue
          </Button>
        )}
        <span className={classes.range} aria-live="polite">
          {total === 0 ? (page ? "Nothing here" : "") : `${formatCount(first + 1)}–${formatCount(Math.min(total, first + pageSize))} of ${formatCount(total)}`}
        </span>
      </div>

      <div ref={list} className={images ? classes.grid : classes.rows} role="group" aria-label="Examples" aria-busy={page === null} onKeyDown={onKeyDown} onFocus={onFocus}>
        {items.map((item, index) => (
          <Tile key={item.index} item={item} excluded={isExcluded(item)} tabbable={index === Math.min(active, items.length - 1)} onToggle={onToggle} />
        ))}
      </div>

      {total > pageSize && (
        <Pagination
          className={classes.pages}
          total={Math.ceil(total / pageSize)}
          value={filter.page + 1}
          onChange={(value) => onFilter({ ...filter, page: value - 1 })}
          size="sm"
          siblings={1}
          getControlProps={(control) => ({ "aria-label": { first: "First page", previous: "Previous page", next: "Next page", last: "Last page" }[control] })}
          getItemProps={(number) => ({ "aria-label": `Page ${number}` })}
        />
      )}
    </>
  );
}
