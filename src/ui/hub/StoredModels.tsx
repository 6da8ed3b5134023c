/** What is kept in the browser's storage: each model, how much of it is here, and a way to delete it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { StorageReport, StoredModel } from "../../protocol/hub.ts";
import { DeleteQuestion } from "../primitives/DeleteQuestion.tsx";
import { EmptyState } from "../primitives/EmptyState.tsx";
import { formatBytes } from "../primitives/format.ts";
import { Hint } from "../primitives/FieldRow.tsx";
import { licenceName } from "./HubSearch.tsx";
import rows from "../primitives/rows.module.css";

interface StoredModelsProps {
  readonly report: StorageReport;
  /** Repository that is on its way. */
  readonly downloading: string | null;
  readonly onPick: (name: string) => void;
  readonly onDelete: (id: string) => void;
}

const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

export function StoredModels({ report, downloading, onPick, onDelete }: StoredModelsProps) {
  const { models, modelBytes, usedBytes, quotaBytes, isPersistent } = report;
  if (models.length === 0) return <EmptyState title="Nothing stored yet">A model that you download is kept in this browser and works without a connection.</EmptyState>;
  return (
    <>
      <Hint>
        {`Models take ${formatBytes(modelBytes)}.`}
        {usedBytes !== null && quotaBytes !== null && ` Graft uses ${formatBytes(usedBytes)} of the ${formatBytes(quotaBytes)} that the browser grants it.`}
        {isPersistent ? " The browser keeps them until you delete them." : " The browser may clear them when the disk is full."}
      </Hint>
      <ul className={rows.list} aria-label="Stored models">
        {models.map((model) => (
          <li key={model.id}>
            <StoredRow model={model} downloading={downloading === model.name} onPick={onPick} onDelete={onDelete} />
          </li>
        ))}
      </ul>
    </>
  );
}

function StoredRow({ model, downloading, onPick, onDelete }: { readonly model: StoredModel; readonly downloading: boolean } & Pick<StoredModelsProps, "onPick" | "onDelete">) {
  const [asking, setAsking] = useState(false);
  const { id, name, revision, licence, bytes, totalBytes, isWhole, storedAt } = model;
  return (
    <div className={rows.row}>
      <div className={rows.grow}>
        <span className={rows.name}>{name}</span>
        <span className={rows.meta}>
          <span>{licenceName(licence)}</span>
          <span>{isWhole ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`}</span>
          <span className="g-mono">{revision.slice(0, 7)}</span>
          {storedAt > 0 && <span>{days.format(storedAt)}</span>}
        </span>
      </div>
      <div className={rows.buttons}>
        {asking ? (
          <DeleteQuestion label={`Delete ${formatBytes(bytes)}`} onKeep={() => setAsking(false)} onDelete={() => onDelete(id)} />
        ) : (
          <>
            {!isWhole && !downloading && (
              <Button size="xs" variant="default" onClick={() => onPick(name)}>
                Resume
              </Button>
            )}
            <Button size="xs" variant="default" disabled={downloading} onClick={() => setAsking(true)} aria-label={`Delete ${name}`}>
              Delete
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
