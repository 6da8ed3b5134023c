/** Examples to look at: pictures in a grid, or texts in rows, each with a line of what there is to say about it. */
import type { DataItem } from "../../protocol/data.ts";
import { BlobImage } from "../data/BlobImage.tsx";
import classes from "./ExampleList.module.css";

export interface Example {
  readonly item: DataItem;
  /** `dog, predicted as cat`; absent where the place says it already. */
  readonly verdict?: string;
  /** `97% sure` */
  readonly detail?: string;
}

interface ExampleListProps {
  readonly kind: "image" | "text";
  readonly label: string;
  readonly examples: readonly Example[];
}

export function ExampleList({ kind, label, examples }: ExampleListProps) {
  return (
    <ul className={kind === "image" ? classes.grid : classes.rows} aria-label={label}>
      {examples.map(({ item, verdict, detail }) => (
        <li key={item.index}>
          {kind === "image" ? <span className={classes.picture}>{item.thumbnail && <BlobImage blob={item.thumbnail} alt={detail === undefined ? "" : item.name} />}</span> : <p className={classes.text} dir="auto">{item.secondText === undefined ? item.text : `${item.text ?? ""}\n${item.secondText}`}</p>}
          {verdict !== undefined && <span className={classes.verdict}>{verdict}</span>}
          <span className={classes.detail} title={item.name}>
            {detail ?? item.name}
          </span>
        </li>
      ))}
    </ul>
  );
}
