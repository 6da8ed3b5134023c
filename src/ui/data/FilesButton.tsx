/** A button that opens the browser's dialog for files or for a whole folder. */
import { Button, FileButton, type ButtonProps } from "@mantine/core";
import { useRef, type ReactNode } from "react";
import type { SourceFile } from "../../protocol/data.ts";
import { toSourceFiles } from "./source-files.ts";

declare module "react" {
  interface InputHTMLAttributes<T> {
    /** Every browser has it; React's types do not. */
    webkitdirectory?: T extends HTMLInputElement ? string : never;
  }
}

interface FilesButtonProps extends Pick<ButtonProps, "variant" | "size" | "leftSection"> {
  readonly children: ReactNode;
  readonly folder?: boolean;
  readonly accept?: string;
  readonly onFiles: (files: readonly SourceFile[]) => void;
}

export function FilesButton({ children, folder = false, accept, onFiles, ...button }: FilesButtonProps) {
  // Without a reset, choosing the same file a second time would be no change and do nothing.
  const reset = useRef<() => void>(null);
  return (
    <FileButton
      multiple
      accept={accept}
      resetRef={reset}
      inputProps={folder ? { webkitdirectory: "" } : undefined}
      onChange={(files) => {
        if (files.length > 0) onFiles(toSourceFiles(files));
        reset.current?.();
      }}
    >
      {({ onClick }) => (
        <Button {...button} onClick={onClick}>
          {children}
        </Button>
      )}
    </FileButton>
  );
}
