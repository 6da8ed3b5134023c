/** Finding a model on a hub: a search field, and the list of what was found or is good to start from. */
import { TextInput } from "@mantine/core";
import { useEffect, useId, useState } from "react";
import type { HubGate, HubHit } from "../../protocol/hub.ts";
import { formatBytes, formatCompact, formatPlural } from "../primitives/format.ts";
import { Hint } from "../primitives/FieldRow.tsx";
import classes from "./hub.module.css";
import rows from "../primitives/rows.module.css";

interface HubSearchProps {
  readonly query: string;
  readonly onSearch: (query: string) => void;
}

const pauseMs = 350;

export function HubSearch({ query, onSearch }: HubSearchProps) {
  const [text, setText] = useState(query);
  // Asked when the person pauses, not at every key.
  useEffect(() => {
    if (text === query) return;
    const timer = setTimeout(() => onSearch(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text, query, onSearch]);
  return (
    <TextInput
      type="search"
      label="Search models"
      description="Words, or a repository's name or address. Only models that Graft reads, for the open task, are listed."
      placeholder="resnet, owner/name"
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  );
}

interface HitListProps {
  readonly hits: readonly HubHit[];
  readonly curated: boolean;
  readonly onPick: (name: string) => void;
}

export function HitList({ hits, curated, onPick }: HitListProps) {
  const id = useId();
  if (hits.length === 0) return <Hint>{curated ? "Nothing here for this task yet. Search for a model." : "Nothing that Graft reads. Try another word; published checkpoints need safetensors and a family that Graft has."}</Hint>;
  return (
    <>
      <h3 className={classes.heading} id={id} aria-live="polite">
        {curated ? "Good to start from" : `${formatPlural(hits.length, "model")}, most downloaded first`}
      </h3>
      <ul className={rows.list} aria-labelledby={id}>
        {hits.map((hit) => (
          <li key={hit.name}>
            <button type="button" className={classes.hit} onClick={() => onPick(hit.name)}>
              <span className={rows.name}>{hit.name}</span>
              {hit.why !== undefined && <span className={classes.why}>{hit.why}</span>}
              <span className={rows.meta}>
                <span>{licenceName(hit.licence)}</span>
                {hit.parameters !== null && <span>{formatCompact(hit.parameters)} parameters</span>}
                {hit.bytes !== null && <span>{formatBytes(hit.bytes)}</span>}
                {hit.downloads !== null && <span>{formatCompact(hit.downloads)} downloads a month</span>}
                {hit.gate !== "open" && <span>{gateNames[hit.gate]}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

export const gateNames: Readonly<Record<HubGate, string>> = { open: "Open", "asks-terms": "Asks you to accept terms", "asks-owner": "Its owner decides who reads it", private: "Private" };

export function licenceName(licence: string | null): string {
  if (licence === null) return "No licence stated";
  return licence === "other" ? "Licence of its own" : licence;
}
