/** What the model got wrong while being most sure of it: where to look for wrong labels and missing examples. */
import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { CsvTable, DataItem } from "../../../protocol/data.ts";
import { sentenceOf, worker } from "../../../store/client.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { ExampleList } from "../../../ui/results/ExampleList.tsx";
import { saveTable } from "../../save-as.ts";
import type { ShownMistake } from "./figures.ts";
import { useExamples } from "./useExamples.ts";

interface MistakesPanelProps {
  readonly kind: "image" | "text";
  /** The worst first. */
  readonly mistakes: readonly ShownMistake[];
  readonly help: string;
  /** As rows for a spreadsheet. */
  readonly asTable: (items: readonly DataItem[]) => CsvTable;
  /** Its item numbers no longer mean anything. */
  readonly dataReplaced: boolean;
}

const batch = 12;

export function MistakesPanel({ kind, mistakes, help, asTable, dataReplaced }: MistakesPanelProps) {
  const [count, setCount] = useState(batch);
  const indices = useMemo(() => (dataReplaced || mistakes.length === 0 ? null : mistakes.map(({ item }) => item)), [mistakes, dataReplaced]);
  const { items, error } = useExamples(indices, 0, count);
  const [failure, setFailure] = useState<ErrorSentence | null>(null);
  const save = async (): Promise<void> => {
    setFailure(null);
    try {
      const { items: all } = await worker().listItems({ indices: indices ?? [], offset: 0, limit: mistakes.length });
      await saveTable("mistakes", asTable(all));
    } catch (caught) {
      setFailure(sentenceOf(caught));
    }
  };
  const byItem = new Map(mistakes.map((mistake) => [mistake.item, mistake]));

  const body = () => {
    if (mistakes.length === 0) return <Sentence tone="success">The model got every example right.</Sentence>;
    if (dataReplaced) return <Sentence tone="note">Other data has been opened since this run, so its examples cannot be shown.</Sentence>;
    if (error) return <Sentence sentence={error} />;
    if (items === null) return <ProgressLine what="Looking them up" />;
    return (
      <>
        <ExampleList
          kind={kind}
          label="Worst mistakes"
          examples={items.map((item) => {
            const { verdict, detail } = byItem.get(item.index) ?? {};
            return { item, verdict, detail };
          })}
        />
        {mistakes.length > count && (
          <Button variant="subtle" size="xs" mt={12} onClick={() => setCount(count + batch)}>
            Show more mistakes
          </Button>
        )}
      </>
    );
  };

  return (
    <Panel label="Worst mistakes">
      <SectionTitle
        help={help}
        actions={
          indices && (
            <Button size="xs" variant="default" onClick={() => void save()}>
              Save as CSV
            </Button>
          )
        }
      >
        Worst mistakes
      </SectionTitle>
      {failure && <Sentence sentence={failure} />}
      {body()}
    </Panel>
  );
}
