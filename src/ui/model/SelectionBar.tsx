/** What the choice of layers costs, always in sight while one chooses. */
import type { SelectionReport } from "../../protocol/models.ts";
import { formatBytes, formatCompact, formatShare } from "../primitives/format.ts";
import classes from "./SelectionBar.module.css";

interface SelectionBarProps {
  readonly report: SelectionReport | null;
  /** Known at once, before the worker's report. */
  readonly trainableParameters: number;
  readonly totalParameters: number;
}

function cacheNote({ cacheBytes }: SelectionReport): string {
  return cacheBytes > 0 ? `Frozen part is computed once and kept, about ${formatBytes(cacheBytes)}` : "Nothing can be kept: every layer is computed each time";
}

export function SelectionBar({ report, trainableParameters, totalParameters }: SelectionBarProps) {
  const share = totalParameters === 0 ? 0 : trainableParameters / totalParameters;
  return (
    <div className={classes.bar} role="status" aria-label="What learns">
      <div className={classes.track} aria-hidden>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <span>
        <strong>{formatCompact(trainableParameters)}</strong> of {formatCompact(totalParameters)} parameters learn <span className={classes.quiet}>({formatShare(share)})</span>
      </span>
      {report && (
        <>
          <span>
            About <strong>{formatBytes(report.memoryBytes)}</strong> of memory
          </span>
          <span className={classes.quiet}>{cacheNote(report)}</span>
        </>
      )}
    </div>
  );
}
