/** A place to drop files and folders on, with buttons for those who would rather choose. */
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import type { ReactNode } from "react";
import type { SourceFile } from "../../protocol/data.ts";
import classes from "./DropArea.module.css";
import { toSourceFiles } from "./source-files.ts";

interface DropAreaProps {
  readonly title: string;
  readonly help?: ReactNode;
  /** FilesButtons. */
  readonly actions: ReactNode;
  readonly art?: ReactNode;
  readonly onFiles: (files: readonly SourceFile[]) => void;
  /** Small is one line, for what is not the main thing. */
  readonly size?: "large" | "small";
}

export function DropArea({ title, help, actions, art, onFiles, size = "large" }: DropAreaProps) {
  return (
    <Dropzone
      className={classes.area}
      data-size={size}
      onDrop={(files) => onFiles(toSourceFiles(files))}
      activateOnClick={false}
      activateOnKeyboard={false}
      enablePointerEvents
      preventDropOnDocument
      inputProps={{ "aria-label": `${title} (files)` }}
    >
      <div className={classes.inner}>
        {art}
        <div>
          <h2 className={classes.title}>{title}</h2>
          {help !== undefined && <p className={classes.help}>{help}</p>}
        </div>
        <div className={classes.actions}>{actions}</div>
      </div>
    </Dropzone>
  );
}
