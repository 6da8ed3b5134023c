/** The examples of one cell of the confusion matrix, beside it, a page at a time. */
import { Drawer, Pagination } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { ConfusionQuery } from "../../../protocol/run.ts";
import { sentenceOf, worker } from "../../../store/client.ts";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { ExampleList } from "../../../ui/results/ExampleList.tsx";
import classes from "./ConfusionDrawer.module.css";
import { useExamples } from "./useExamples.ts";

interface ConfusionDrawerProps {
  readonly kind: "image" | "text";
  /** Null while it is closed. */
  readonly cell: { readonly name: string; readonly query: ConfusionQuery } | null;
  readonly onClose: () => void;
}

const pageSize = 24;

export function ConfusionDrawer({ kind, cell, onClose }: ConfusionDrawerProps) {
  return (
    <Drawer.Root opened={cell !== null} onClose={onClose} position="right" size="lg">
      <Drawer.Overlay />
      <Drawer.Content>
        <Drawer.Body>
          {/* Mantine's own header is a <header>, which in a portal would be a second banner of the page. */}
          <div className={classes.head}>
            <Drawer.Title>{cell?.name}</Drawer.Title>
            <Drawer.CloseButton aria-label="Close the examples" />
          </div>
          {cell && <CellExamples key={cell.name} kind={kind} name={cell.name} query={cell.query} />}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}

function CellExamples({ kind, name, query }: { readonly kind: "image" | "text"; readonly name: string; readonly query: ConfusionQuery }) {
  const [indices, setIndices] = useState<readonly number[] | null>(null);
  const [failure, setFailure] = useState<ErrorSentence | null>(null);
  const [page, setPage] = useState(1);
  useEffect(() => {
    worker()
      .listConfusion(query)
      .then(setIndices, (error: unknown) => setFailure(sentenceOf(error)));
  }, [query]);
  const { items, error } = useExamples(indices, (page - 1) * pageSize, pageSize);

  const sentence = failure ?? error;
  if (sentence) return <Sentence sentence={sentence} />;
  if (items === null || indices === null) return <ProgressLine what="Looking them up" />;
  return (
    <>
      <ExampleList kind={kind} label={name} examples={items.map((item) => ({ item }))} />
      {indices.length > pageSize && (
        <Pagination
          mt={20}
          size="sm"
          total={Math.ceil(indices.length / pageSize)}
          value={page}
          onChange={setPage}
          getControlProps={(control) => ({ "aria-label": { first: "First page", previous: "Previous page", next: "Next page", last: "Last page" }[control] })}
          getItemProps={(number) => ({ "aria-label": `Page ${number}` })}
        />
      )}
    </>
  );
}
