/** The room: the rail (or, when narrow, the top bar) with mark, steps, privacy and colours, and beside it the current step. */
import { IconListDetails, IconShieldLock } from "@tabler/icons-react";
import { Suspense, lazy, useEffect, useRef, type ComponentType } from "react";
import { useProjects } from "../../store/projects.ts";
import { runsHash, useSession, type StepId } from "../../store/session.ts";
import { ProgressLine } from "../../ui/primitives/ProgressLine.tsx";
import { formatPlural } from "../../ui/primitives/format.ts";
import { DataStep } from "../steps/data/DataStep.tsx";
import { ColorSchemeToggle } from "./ColorSchemeToggle.tsx";
import { Mark } from "./Mark.tsx";
import { RecoveryNotice } from "./RecoveryNotice.tsx";
import classes from "./Shell.module.css";
import { StepBoundary } from "./StepBoundary.tsx";
import { StepNav } from "./StepNav.tsx";
import { UpdateNotice } from "./UpdateNotice.tsx";
import { useSteps } from "./useSteps.ts";

const OpenedModelPage = lazy(async () => ({ default: (await import("./OpenedModelPage.tsx")).OpenedModelPage }));
const RunsPage = lazy(async () => ({ default: (await import("../projects/RunsPage.tsx")).RunsPage }));

const steps: Record<StepId, ComponentType> = {
  data: DataStep,
  model: lazy(async () => ({ default: (await import("../steps/model/ModelStep.tsx")).ModelStep })),
  settings: lazy(async () => ({ default: (await import("../steps/settings/SettingsStep.tsx")).SettingsStep })),
  train: lazy(async () => ({ default: (await import("../steps/train/TrainStep.tsx")).TrainStep })),
  results: lazy(async () => ({ default: (await import("../steps/results/ResultsStep.tsx")).ResultsStep })),
};

export function Shell() {
  const wanted = useSession((state) => state.step);
  const opened = useSession(({ download, instead }) => (instead === "download" && download.kind === "open" ? download.model : null));
  const project = useProjects((state) => state.open);
  const showsRuns = useSession(({ instead }) => instead === "runs") && project !== null;
  const states = useSteps();
  // An address may name a step that is not open yet (a bookmark, a reload): the first step is shown instead.
  const current = states.find(({ id, status }) => id === wanted && status !== "locked") ?? states[0];
  const id = current?.id ?? "data";
  const Step = steps[id];
  const place = opened ? "download" : showsRuns ? "runs" : id;
  const title = opened ? opened.name : showsRuns ? "Runs" : (current?.name ?? "Data");
  const main = useRef<HTMLElement>(null);
  const shown = useRef<string>(place);

  useEffect(() => {
    document.title = `${title} · Graft`;
    if (shown.current === place) return;
    shown.current = place;
    window.scrollTo({ top: 0 });
    main.current?.focus({ preventScroll: true });
  }, [place, title]);

  return (
    <div className={classes.shell}>
      <header className={classes.rail}>
        <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
          Skip to the step
        </button>
        <div className={classes.brand}>
          <Mark />
          <span className={classes.name}>Graft</span>
          <span className={classes.toggleNarrow}>
            <ColorSchemeToggle />
          </span>
        </div>
        <StepNav steps={states} current={opened || showsRuns ? null : id} />
        <p className={classes.currentLine} aria-hidden>
          {opened ? "A downloaded model is open" : showsRuns ? project.name : current?.line}
        </p>
        {project && project.runs.length > 0 && (
          <a className={classes.runs} href={runsHash} aria-current={showsRuns ? "page" : undefined}>
            <IconListDetails size={16} stroke={1.75} aria-hidden />
            {formatPlural(project.runs.length, "run")} of {project.name}
          </a>
        )}
        <div className={classes.foot}>
          <p className={classes.privacy}>
            <IconShieldLock size={16} stroke={1.75} aria-hidden />
            <span>
              Your data stays in this browser.{" "}
              <a href="embedded/licences/index.html" target="_blank" rel="noreferrer">
                Licences
              </a>
            </span>
          </p>
          <ColorSchemeToggle />
        </div>
      </header>
      <main className={classes.main} ref={main} tabIndex={-1}>
        <div className={classes.column}>
          <div className={classes.notices}>
            <UpdateNotice />
            <RecoveryNotice />
          </div>
          <StepBoundary key={place}>
            <Suspense fallback={<ProgressLine what="Opening the step" />}>
              {opened ? <OpenedModelPage model={opened} /> : showsRuns ? <RunsPage project={project} /> : <Step />}
            </Suspense>
          </StepBoundary>
          <p className={classes.privacyNarrow}>
            <IconShieldLock size={16} stroke={1.75} aria-hidden />
            <span>
              Your data stays in this browser.{" "}
              <a href="embedded/licences/index.html" target="_blank" rel="noreferrer">
                Licences
              </a>
            </span>
          </p>
        </div>
      </main>
    </div>
  );
}
