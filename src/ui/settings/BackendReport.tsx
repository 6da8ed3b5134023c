/** What each backend of this device was measured at, which one is used, and why. */
import { IconCheck } from "@tabler/icons-react";
import type { DeviceReport } from "../../protocol/models.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import { Sentence } from "../primitives/Sentence.tsx";
import { choiceLabel } from "./controls.ts";
import classes from "./settings.module.css";

interface BackendReportProps {
  readonly report: DeviceReport;
  readonly backend: Recipe["backend"];
}

const formatSpeed = (gflops: number): string => `${gflops < 10 ? gflops.toFixed(1) : Math.round(gflops)} GFLOP/s`;

export function BackendReport({ report, backend }: BackendReportProps) {
  const used = backend === "auto" ? report.chosen : backend;
  const usedProbe = report.probes.find((probe) => probe.backend === used);
  return (
    <div className={classes.backends}>
      <ul className={classes.probes}>
        {report.probes.map((probe) => (
          <li key={probe.backend} className={classes.probe} data-used={probe.backend === used || undefined}>
            <span className={classes.probeMark}>{probe.backend === used && <IconCheck size={16} stroke={2} aria-hidden />}</span>
            <span className={classes.probeName}>{choiceLabel(probe.backend)}</span>
            <span className={classes.probeSpeed}>{probe.available ? formatSpeed(probe.gflops) : "Not available"}</span>
            <span className={classes.probeNote}>
              {[probe.backend === used && (backend === "auto" ? "Used: the fastest" : "Used: you chose it"), probe.backend !== "cpu" && probe.adapter, probe.note].filter(Boolean).join(" · ")}
            </span>
          </li>
        ))}
      </ul>
      {usedProbe?.available === false && (
        <Sentence tone="warning">{`${choiceLabel(used)} is not available in this browser, and a run would fail. Choose ${choiceLabel("auto")} to use ${choiceLabel(report.chosen)}.`}</Sentence>
      )}
    </div>
  );
}
