/** One example as a button that leaves it out or takes it back: a picture, or a row of text. */
import { memo } from "react";
import type { DataItem } from "../../protocol/data.ts";
import { BlobImage } from "./BlobImage.tsx";
import classes from "./ItemBrowser.module.css";
import { splitNames } from "./splits.ts";

export interface ItemTileProps {
  readonly item: DataItem;
  readonly excluded: boolean;
  /** One tile of the page is in the tab order; the arrow keys reach the others. */
  readonly tabbable: boolean;
  readonly onToggle: (item: DataItem) => void;
}

function nameOf({ name, label }: DataItem): string {
  return `Exclude ${name}${label === "" ? "" : `, ${label}`}`;
}

export const ImageTile = memo(function ImageTile({ item, excluded, tabbable, onToggle }: ItemTileProps) {
  return (
    <button type="button" className={classes.tile} aria-pressed={excluded} aria-label={nameOf(item)} title={item.name} tabIndex={tabbable ? 0 : -1} onClick={() => onToggle(item)}>
      <span className={classes.picture}>
        {item.thumbnail && <BlobImage blob={item.thumbnail} alt="" />}
        <span className={classes.dot} data-split={item.split} title={splitNames[item.split]} />
        {excluded && <span className={classes.tag}>Excluded</span>}
      </span>
      <span className={classes.caption}>{item.label}</span>
    </button>
  );
});

export const TextRow = memo(function TextRow({ item, excluded, tabbable, onToggle }: ItemTileProps) {
  return (
    <button type="button" className={classes.row} data-unlabelled={item.label === "" || undefined} aria-pressed={excluded} aria-label={nameOf(item)} aria-describedby={`item-${item.index}`} tabIndex={tabbable ? 0 : -1} onClick={() => onToggle(item)}>
      <span className={classes.rowName} title={item.name}>
        {item.name}
      </span>
      <span className={classes.rowText} id={`item-${item.index}`}>
        {item.text}
        {item.secondText !== undefined && <span className={classes.rowSecond}>{item.secondText}</span>}
      </span>
      {item.label !== "" && <span className={classes.rowLabel}>{excluded ? "Excluded" : item.label}</span>}
      <span className={classes.rowSplit}>
        <span className={classes.dot} data-split={item.split} />
        {excluded && item.label === "" ? "Excluded" : splitNames[item.split]}
      </span>
    </button>
  );
});
