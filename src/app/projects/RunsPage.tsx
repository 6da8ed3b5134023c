/** The experiments of the open project: every run with what it came to, side by side, and the ways to go on from each. */
import { Button, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { lazy, Suspense, useEffect, useState } from "react";
import type { ProjectView, RunCard } from "../../protocol/projects.ts";
import type { RunEvent } from "../../protocol/run.ts";
import { sentenceOf, worker } from "../../store/client.ts";
import { useProjects } from "../../store/projects.ts";
import { useRecipe } from "../../store/recipe.ts";
import { isUnderWay, recordOf, reduceRun, startingRun, type RunRecord } from "../../store/run-state.ts";
import { useRun } from "../../store/run.ts";
import { useSession } from "../../store/session.ts";
import { smoothPoints } from "../../store/trace.ts";
import { EmptyState } from "../../ui/primitives/EmptyState.tsx";
import { Panel } from "../../ui/primitives/Panel.tsx";
import { ProgressLine } from "../../ui/primitives/ProgressLine.tsx";
import { SectionTitle } from "../../ui/primitives/SectionTitle.tsx";
import { Sentence } from "../../ui/primitives/Sentence.tsx";
import { StepPage } from "../../ui/primitives/StepPage.tsx";
import { NameField } from "../../ui/primitives/NameField.tsx";
import { UndoNotice } from "../../ui/primitives/UndoNotice.tsx";
import { RunsTable, type RunActions } from "../../ui/projects/RunsTable.tsx";
import { differences } from "../../ui/projects/differences.ts";
import { arranged, type RunColumn, type RunOrder } from "../../ui/projects/run-order.ts";
import { runsAsTable } from "../../ui/projects/runs-as-table.ts";
import classes from "../../ui/projects/runs.module.css";
import { saveAs, saveTable } from "../save-as.ts";
import { KeptLine } from "./KeptLine.tsx";

const OverlayChart = lazy(async () => ({ default: (await import("../../ui/projects/OverlayChart.tsx")).OverlayChart }));

/** As many as can be told apart. */
const colors = ["var(--g-series-1)", "var(--g-series-2)", "var(--g-series-3)", "var(--g-series-4)"];

const figures = { loss: "Loss", validationLoss: "Validation", validationScore: "Score" } as const;
type Figure = keyof typeof figures;

export function RunsPage({ project }: { readonly project: ProjectView }) {
  const isZipping = useProjects(({ zipping }) => zipping !== null);
  const isRunning = useRun(({ run }) => isUnderWay(run));
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<RunOrder>({ by: "run", isAscending: false });
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [deleted, setDeleted] = useState<RunCard | null>(null);
  const { changeRun, changeNotes, rename, pack } = useProjects.getState();
  const { goTo } = useSession.getState();
  const shown = arranged(project.runs, filter, order);
  // Not before the project is without it: storage may have refused.
  const gone = project.runs.some(({ run }) => run === deleted?.run) ? null : deleted;
  const chosenRuns = chosen.flatMap((run) => project.runs.find((card) => card.run === run) ?? []);
  const chosenColors = new Map(chosenRuns.map(({ run }, i) => [run, colors[i] as string]));

  /** The run's recipe for the data that is open. */
  const takeRecipe = ({ recipe }: RunCard): void => {
    const { recipe: now, replace } = useRecipe.getState();
    if (recipe) replace({ ...recipe, columns: now.columns });
  };
  const actions: RunActions = {
    onOpen: ({ run }) => {
      void useRun.getState().reopen(run);
      goTo("train");
    },
    onResume: ({ run, recipe }) => {
      goTo("train");
      void useRun.getState().goOn(run, recipe);
    },
    onContinue: (card) => {
      takeRecipe(card);
      useRun.getState().prepare({ run: card.run, name: card.name });
      goTo("settings");
    },
    onDuplicate: (card) => {
      takeRecipe(card);
      useRun.getState().prepare(null);
      goTo("settings");
    },
    onDelete: (card) => {
      setChosen(chosen.filter((run) => run !== card.run));
      setDeleted(card);
      void changeRun(card.run, { isDeleted: true });
    },
    onNotes: ({ run }, notes) => void changeRun(run, { notes }),
  };
  const sortBy = (by: RunColumn): void => setOrder({ by, isAscending: order.by === by ? !order.isAscending : false });

  return (
    <StepPage
      title="Runs"
      lead="Everything that was tried in this project, with its recipe and what came of it."
      actions={
        <Button variant="default" disabled={isZipping} onClick={() => void pack(project.id).then((zip) => zip && saveAs(zip, `${project.name}.graft.zip`))}>
          Export the project
        </Button>
      }
    >
      <KeptLine />
      <Panel label="The project">
        <NameField name={project.name} what="project" isReadOnly={project.isReadOnly} onRename={(name) => rename(project.id, name)}>
          <h2 className={classes.project}>{project.name}</h2>
        </NameField>
        <Textarea key={project.notes} mt={12} aria-label="Notes on the project" placeholder="What the project is for, and what you have learned" autosize minRows={1} maxRows={12} maxLength={20_000} readOnly={project.isReadOnly} defaultValue={project.notes} onBlur={(event) => event.currentTarget.value !== project.notes && void changeNotes(event.currentTarget.value)} />
      </Panel>
      <Panel label="All runs">
        <SectionTitle
          help={project.runs.length === 0 ? undefined : "Tick up to four to see their curves side by side."}
          actions={
            project.runs.length > 0 && (
              <Button size="xs" variant="default" onClick={() => void saveTable(`${project.name} runs`, runsAsTable(project.runs))}>
                Save as CSV
              </Button>
            )
          }
        >
          All runs
        </SectionTitle>
        {project.runs.length > 0 && <TextInput aria-label="Filter runs" placeholder="Filter by name, notes, model or data" value={filter} onChange={(event) => setFilter(event.currentTarget.value)} maw={320} mb={8} />}
        {shown.length === 0 ? (
          project.runs.length === 0 ? (
            <EmptyState title="No runs yet" actions={<Button onClick={() => goTo("train")}>Go to Train</Button>}>
              Train, and the run will stand here.
            </EmptyState>
          ) : (
            <EmptyState title="No run matches">Look for fewer words, or other ones.</EmptyState>
          )
        ) : (
          <RunsTable runs={shown} order={order} onOrder={sortBy} chosen={chosenColors} canChooseMore={chosen.length < colors.length} onChoose={(run) => setChosen(chosen.includes(run) ? chosen.filter((each) => each !== run) : [...chosen, run])} isBusy={isRunning} isReadOnly={project.isReadOnly} actions={actions} />
        )}
      </Panel>
      {chosenRuns.length > 0 && <Compared runs={chosenRuns} colors={chosenColors} />}
      <UndoNotice
        what={gone && `${gone.name} was deleted. It is gone for good when the project is opened the next time.`}
        onUndo={() => {
          if (deleted) void changeRun(deleted.run, { isDeleted: false });
          setDeleted(null);
        }}
        onDismiss={() => setDeleted(null)}
      />
    </StepPage>
  );
}

type Read = ReadonlyMap<number, RunRecord | string>;

/** Curves of the chosen runs, and the settings in which they differ. */
function Compared({ runs, colors: colorOf }: { readonly runs: readonly RunCard[]; readonly colors: ReadonlyMap<number, string> }) {
  const [figure, setFigure] = useState<Figure>("validationLoss");
  const [read, setRead] = useState<Read>(new Map());
  const missing = runs.find(({ run }) => !read.has(run))?.run;
  useEffect(() => {
    if (missing === undefined) return;
    const put = (found: RunRecord | string): void => setRead((before) => new Map([...before, [missing, found]]));
    worker().readRun(missing).then((events: readonly RunEvent[]) => put(recordOf(events.reduce(reduceRun, startingRun))), (error: unknown) => put(sentenceOf(error).what));
  }, [missing]);

  const lines = runs.flatMap(({ run, name }) => {
    const record = read.get(run);
    if (record === undefined || typeof record === "string") return [];
    const points = figure === "loss" ? smoothPoints(record.loss) : record.epochs.map((point) => ({ epoch: point.epoch, value: point[figure] }));
    return [{ name, color: colorOf.get(run) ?? "", points }];
  });
  const known = runs.filter((card) => card.recipe);
  const beside = { Data: known.map(({ data }) => data ?? "gone"), "Begins with": known.map(({ continues }) => (continues === null ? "the model's own weights" : `run ${continues}'s weights`)) };
  const differing = [...Object.entries(beside).flatMap(([label, values]) => (new Set(values).size > 1 ? [{ path: label, label, values }] : [])), ...differences(known.flatMap(({ recipe }) => recipe ?? []))];
  return (
    <Panel label="Side by side">
      <SectionTitle actions={<SegmentedControl aria-label="Figure" value={figure} onChange={(value) => setFigure(value as Figure)} data={Object.entries(figures).map(([value, label]) => ({ value, label }))} />}>Side by side</SectionTitle>
      {runs.flatMap(({ run, name }) => (typeof read.get(run) === "string" ? [<Sentence key={run} tone="warning" sentence={{ where: name, what: read.get(run) as string }} />] : []))}
      <Suspense fallback={<ProgressLine what="Drawing the curves" />}>
        <OverlayChart lines={lines} />
      </Suspense>
      {known.length > 1 && differing.length === 0 && <p>These runs have the same settings.</p>}
      {differing.length > 0 && (
        <div className={classes.box} role="region" aria-label="Settings that differ" tabIndex={0}>
          <table className={classes.table} style={{ minWidth: 0 }}>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                {known.map(({ run, name }) => (
                  <th key={run} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {differing.map(({ path, label, values }) => (
                <tr key={path}>
                  <th scope="row">{label}</th>
                  {values.map((value, i) => (
                    <td key={known[i]?.run}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
