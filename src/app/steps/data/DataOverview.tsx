/** The open data: counts, classes, issues, split, and the examples themselves. */
import { Button } from "@mantine/core";
import { IconReplace } from "@tabler/icons-react";
import { useCallback, useRef, useState } from "react";
import { targetOf, type DataItem, type DataSummary } from "../../../protocol/data.ts";
import { useData } from "../../../store/data.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { isUnderWay } from "../../../store/run-state.ts";
import { useRun } from "../../../store/run.ts";
import { useSession } from "../../../store/session.ts";
import { Histogram } from "../../../ui/charts/Histogram.tsx";
import { ClassTable } from "../../../ui/data/ClassTable.tsx";
import { IssueList } from "../../../ui/data/IssueList.tsx";
import { ItemBrowser, allItems, type ItemFilter } from "../../../ui/data/ItemBrowser.tsx";
import { SplitControls } from "../../../ui/data/SplitControls.tsx";
import { splits } from "../../../ui/data/splits.ts";
import { Panel } from "../../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";
import { Stat, StatRow } from "../../../ui/primitives/Stat.tsx";
import { StepPage } from "../../../ui/primitives/StepPage.tsx";
import { UndoNotice } from "../../../ui/primitives/UndoNotice.tsx";
import { formatCompact, formatCount, formatNumber, formatPlural } from "../../../ui/primitives/format.ts";
import { CloseProject, KeptLine } from "../../projects/KeptLine.tsx";
import classes from "./DataOverview.module.css";
import { useItems } from "./useItems.ts";

const pageSizes = { "image-classification": 60, "text-classification": 40, "text-generation": 20 };

const corpusFormats = {
  text: { name: "Plain text", documents: "Pieces", split: "Whole stretches of the text are held back, so that the model has not read around what it is measured with." },
  pairs: { name: "Pairs", documents: "Pairs", split: "Pairs of a prompt and what is written after it are held back." },
  chat: { name: "Chats", documents: "Chats", split: "Whole conversations are held back." },
} as const;

const wording = {
  "single-label": { title: "Classes", one: "Class", many: "classes", all: "All classes", split: "Each class is divided in the same proportion." },
  "multi-label": { title: "Labels", one: "Label", many: "labels", all: "All labels", split: "Rows are divided in the same proportion by their rarest label." },
  regression: { title: "Numbers", one: "Number", many: "numbers", all: "All numbers", split: "Small and large numbers are divided in the same proportion." },
} as const;

export function DataOverview({ summary }: { readonly summary: DataSummary }) {
  const { replace, setExcluded, undoExclusion, dismissExclusion } = useData.getState();
  const error = useData((state) => state.error);
  const exclusions = useData((state) => state.exclusions);
  const lastExclusion = useData((state) => state.lastExclusion);
  const split = useRecipe(({ recipe }) => recipe.split);
  const seed = useRecipe(({ recipe }) => recipe.seed);
  const update = useRecipe((state) => state.update);
  const goTo = useSession((state) => state.goTo);

  const [filter, setFilter] = useState<ItemFilter>(allItems);
  const pageSize = pageSizes[summary.task];
  const page = useItems(filter, pageSize);
  const browser = useRef<HTMLDivElement>(null);
  const browse = (next: ItemFilter): void => {
    setFilter(next);
    browser.current?.scrollIntoView({ block: "nearest" });
  };

  const isExcluded = (item: DataItem): boolean => exclusions.get(item.index) ?? item.excluded;
  const toggle = useCallback((item: DataItem) => void setExcluded([item.index], !(useData.getState().exclusions.get(item.index) ?? item.excluded)), [setExcluded]);

  const isBusy = useRun(({ run }) => isUnderWay(run));
  const { corpus } = summary;
  const target = targetOf(summary.columns);
  const words = wording[target];
  const images = summary.task === "image-classification";
  const usedSplits = splits.filter((name) => summary.counts[name] > 0);
  return (
    <StepPage
      title="Data"
      lead={`${summary.name} is open. Look through it, leave out what does not belong, and decide what is held back to measure with.`}
      actions={
        <>
          <CloseProject />
          <Button variant="default" disabled={isBusy} title={isBusy ? "A run is under way: stop it first, or wait until it has ended" : undefined} leftSection={<IconReplace size={16} stroke={1.75} aria-hidden />} onClick={replace}>
            Replace data
          </Button>
        </>
      }
      next={{ label: "Continue to Model", onNext: () => goTo("model"), blocked: summary.trainable ? undefined : "The data needs fixing first: see what is marked red." }}
    >
      {error && <Sentence sentence={error} />}
      <KeptLine />
      <Panel label={corpus ? "Texts" : words.title}>
        <div className={corpus ? undefined : classes.stats}>
          <StatRow>
            {corpus ? (
              <>
                <Stat label="Format" value={corpusFormats[corpus.format].name} />
                <Stat label={corpusFormats[corpus.format].documents} value={formatCount(corpus.documents)} />
                <Stat label="Characters" value={formatCompact(corpus.characters)} />
              </>
            ) : (
              <>
                <Stat label={images ? "Images" : "Rows"} value={formatCount(summary.itemCount)} />
                {summary.numbers ? <Stat label={`Mean of ${summary.numbers.name}`} value={formatNumber(summary.numbers.mean)} /> : <Stat label={words.title} value={formatCount(summary.classes.length)} />}
              </>
            )}
            <Stat label="Learned from" value={formatCount(summary.counts.train)} />
            <Stat label="Held back" value={formatCount(summary.counts.validation + summary.counts.test)} />
            <Stat label="Excluded" value={formatCount(summary.excluded)} />
          </StatRow>
        </div>
        {summary.numbers && <Histogram bins={summary.numbers.bins} summary={`${summary.numbers.name} lies between ${formatNumber(summary.numbers.least)} and ${formatNumber(summary.numbers.greatest)}.`} what={summary.numbers.name} />}
        {!corpus && target !== "regression" && (
          <ClassTable
            words={words}
            summaries={summary.classes}
            counts={summary.counts}
            shown={filter.label}
            onShow={(name) => browse({ ...allItems, label: filter.label === name ? null : name })}
          />
        )}
      </Panel>

      {summary.issues.length > 0 && (
        <section aria-labelledby="issues-title">
          <SectionTitle id="issues-title">Worth knowing</SectionTitle>
          <IssueList
            issues={summary.issues}
            isExcluded={(item) => exclusions.get(item) ?? false}
            onExclude={(items) => void setExcluded(items, true)}
            onShow={(items) => browse({ ...allItems, indices: items })}
          />
        </section>
      )}

      <Panel label="Split">
        <SectionTitle help={corpus ? corpusFormats[corpus.format].split : words.split}>Split</SectionTitle>
        <SplitControls
          options={{ ...split, seed }}
          fixed={summary.splitSource === "folders"}
          onChange={({ seed: nextSeed, validation, test }) => update({ split: { validation, test }, seed: nextSeed })}
        />
      </Panel>

      <div ref={browser} className={classes.browser}>
        <Panel label="Examples">
          <SectionTitle help={`Click ${images ? "an image" : corpus ? "a text" : "a row"} to leave it out, and again to take it back.`}>Examples</SectionTitle>
          <ItemBrowser
            task={summary.task}
            allNames={words.all}
            classNames={summary.classes.map(({ name }) => name)}
            usedSplits={usedSplits}
            filter={filter}
            pageSize={pageSize}
            page={page}
            isExcluded={isExcluded}
            onFilter={setFilter}
            onToggle={toggle}
          />
        </Panel>
      </div>
      <UndoNotice what={lastExclusion && `${formatPlural(lastExclusion.items.length, "example")} ${lastExclusion.excluded ? "excluded" : "included again"}`} onUndo={() => void undoExclusion()} onDismiss={dismissExclusion} />
    </StepPage>
  );
}
