/** One repository before its download: licence, size, files, whether it fits on this device, and the way to have it. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { Progress } from "../../protocol/api.ts";
import type { DeviceFit, HubRepository } from "../../protocol/hub.ts";
import { formatBytes, formatCompact, formatPlural } from "../primitives/format.ts";
import { ProgressLine } from "../primitives/ProgressLine.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { Stat, StatRow } from "../primitives/Stat.tsx";
import { gateNames, licenceName } from "./HubSearch.tsx";
import classes from "./hub.module.css";

interface RepositoryViewProps {
  readonly repository: HubRepository;
  /** Of this repository; null while it is not on its way. */
  readonly progress: Progress | null;
  /** Another model is on its way. */
  readonly busy: boolean;
  readonly onStart: () => void;
  readonly onCancel: () => void;
}

export function RepositoryView({ repository, progress, busy, onStart, onCancel }: RepositoryViewProps) {
  const { name, revision, url, licence, licenceUrl, modelType, parameters, files, totalBytes, storedBytes, gate, fit, problem } = repository;
  const left = totalBytes - storedBytes;
  return (
    <>
      <h3 className={classes.title}>{name}</h3>
      <div className={classes.facts}>
        <StatRow>
          <Stat label="Licence" value={licenceUrl === null ? licenceName(licence) : <Outside href={licenceUrl} text={licenceName(licence)} />} />
          <Stat label="Download" value={formatBytes(totalBytes)} />
          <Stat label="Parameters" value={parameters === null ? "Not stated" : formatCompact(parameters)} />
          <Stat label="Family" value={modelType || "Not stated"} />
          <Stat label="Commit" value={<Outside href={`${url}/tree/${revision}`} text={revision.slice(0, 7)} />} />
          {gate !== "open" && <Stat label="Access" value={gateNames[gate]} />}
        </StatRow>
      </div>
      {problem ? <Sentence tone="warning" sentence={problem} /> : <FitSentence fit={fit} />}
      <details className={classes.files}>
        <summary>{formatPlural(files.length, "file")}</summary>
        <ul>
          {files.map(({ path, bytes }) => (
            <li key={path}>
              <span className="g-mono">{path}</span> <span>{formatBytes(bytes)}</span>
            </li>
          ))}
        </ul>
      </details>
      {progress ? (
        <ProgressLine what={progress.what} done={progress.done} total={progress.total} format={formatBytes} onCancel={onCancel} />
      ) : (
        <div>
          <Button onClick={onStart} disabled={busy || problem !== null || fit.verdict === "no-storage"} leftSection={left > 0 ? <IconDownload size={16} stroke={1.75} aria-hidden /> : undefined}>
            {left === 0 ? "Use this model" : storedBytes > 0 ? `Resume, ${formatBytes(left)} left` : `Download ${formatBytes(totalBytes)}`}
          </Button>
        </div>
      )}
      {busy && <Sentence tone="note">Another model is on its way. One is downloaded at a time.</Sentence>}
    </>
  );
}

function FitSentence({ fit }: { readonly fit: DeviceFit }) {
  const { verdict, storageBytes, freeStorageBytes, headMemoryBytes, allMemoryBytes, deviceMemoryBytes } = fit;
  const space = freeStorageBytes === null ? "The browser does not say how much it may store." : `The browser has ${formatBytes(freeStorageBytes)} left for it.`;
  const device = `a tab here has about ${formatBytes(deviceMemoryBytes)}`;
  switch (verdict) {
    case "no-storage":
      return <Sentence tone="error">{`Does not fit: it takes ${formatBytes(storageBytes)}, and the browser has ${formatBytes(freeStorageBytes ?? 0)} left. Delete a stored model, or free space on the disk.`}</Sentence>;
    case "no-memory":
      return <Sentence tone="warning">{`Probably too large: a new head alone needs about ${formatBytes(headMemoryBytes)} of memory, and ${device}.`}</Sentence>;
    case "head-only":
      return <Sentence tone="note">{`Fits for training a new head, about ${formatBytes(headMemoryBytes)} of memory. All layers would need about ${formatBytes(allMemoryBytes)}, and ${device}. ${space}`}</Sentence>;
    case "fits":
      return <Sentence tone="success">{`Fits on this device: about ${formatBytes(headMemoryBytes)} of memory for a new head, ${formatBytes(allMemoryBytes)} for all layers. ${space}`}</Sentence>;
  }
}

function Outside({ href, text }: { readonly href: string; readonly text: string }) {
  return (
    <a className={classes.link} href={href} target="_blank" rel="noreferrer">
      {text}
    </a>
  );
}
