/** Numbers as a person reads them. One place, so that the same figure looks the same everywhere. */

const counts = new Intl.NumberFormat("en-US");

/** `12,345` */
export function formatCount(count: number): string {
  return counts.format(count);
}

/** `1 image`, `12,345 images`; an irregular plural is given. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Three significant digits: `987`, `12.3 k`, `1.53 M`. */
export function formatCompact(count: number): string {
  if (count < 1000) return String(count);
  const [divisor, unit] = count < 999_500 ? [1e3, "k"] : count < 999_500_000 ? [1e6, "M"] : [1e9, "G"];
  return `${Number((count / divisor).toPrecision(3))} ${unit}`;
}

/** Decimal units, as disks and downloads are labelled: `640 B`, `4.71 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const [divisor, unit] = bytes < 999_500 ? [1e3, "kB"] : bytes < 999_500_000 ? [1e6, "MB"] : [1e9, "GB"];
  return `${Number((bytes / divisor).toPrecision(3))} ${unit}`;
}

/** A share as a percentage: `0.4%` below ten, `37%` above, and never `0%` or `100%` for what is not quite that. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent}%`;
  if (percent < 0.1) return "<0.1%";
  if (percent > 99.9) return ">99.9%";
  return `${percent < 10 || percent > 99 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** `0.9137` as `0.91`. */
export function formatMetric(value: number, digits = 2): string {
  return value.toFixed(digits);
}

/** `42 s`, `3 min 5 s`, `1 h 12 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** How a run's score or headline is written: a share as a metric, anything else to four digits. */
export function scoreFormat({ isShare }: { readonly isShare: boolean }): (value: number) => string {
  return isShare ? (value) => formatMetric(value) : (value) => value.toPrecision(4);
}

/** A number in units of its own, to four digits: `3.142`, `12340`. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
