/** The recipe as JSON, folded away until wanted: to copy, to keep, or to put another in its place. */
import { Button, CopyButton } from "@mantine/core";
import { IconChevronRight, IconCopy, IconDownload, IconFile } from "@tabler/icons-react";
import type { ErrorSentence } from "../../core/errors.ts";
import type { SourceFile } from "../../protocol/data.ts";
import { DropArea } from "../data/DropArea.tsx";
import { FilesButton } from "../data/FilesButton.tsx";
import { Panel } from "../primitives/Panel.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import classes from "./settings.module.css";

interface RecipePanelProps {
  readonly json: string;
  /** What was wrong with the last file. */
  readonly error: ErrorSentence | null;
  readonly onDownload: () => void;
  readonly onFile: (file: SourceFile) => void;
}

export function RecipePanel({ json, error, onDownload, onFile }: RecipePanelProps) {
  const take = ([file]: readonly SourceFile[]): void => {
    if (file) onFile(file);
  };
  return (
    <Panel flush>
      <details className={classes.recipe}>
        <summary className={classes.recipeHead}>
          <IconChevronRight className={classes.recipeArrow} size={18} stroke={1.75} aria-hidden />
          <span>
            <span className={classes.recipeTitle}>Recipe as JSON</span>
            <span className={classes.recipeHelp}>The whole run as one document: for the command line, or to do the same again.</span>
          </span>
        </summary>
        <div className={classes.recipeBody}>
          {/* Focusable, because it scrolls sideways when narrow. */}
          <pre className={classes.json} tabIndex={0} role="region" aria-label="Recipe as JSON">
            {json}
          </pre>
          <div className={classes.recipeActions}>
            <CopyButton value={json}>
              {({ copied, copy }) => (
                <Button variant="default" leftSection={<IconCopy size={16} stroke={1.75} aria-hidden />} onClick={copy}>
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
            <Button variant="default" leftSection={<IconDownload size={16} stroke={1.75} aria-hidden />} onClick={onDownload}>
              Download
            </Button>
            <span className={classes.recipeNote}>Only what differs from the defaults is written.</span>
          </div>
          {error && <Sentence sentence={error} />}
          <DropArea
            size="small"
            title="Use another recipe"
            help="Drop a recipe.json, for instance from a download: it replaces these settings and the choice of layers."
            onFiles={take}
            actions={
              <FilesButton variant="default" accept=".json,application/json" onFiles={take} leftSection={<IconFile size={16} stroke={1.75} aria-hidden />}>
                Choose recipe
              </FilesButton>
            }
          />
        </div>
      </details>
    </Panel>
  );
}
