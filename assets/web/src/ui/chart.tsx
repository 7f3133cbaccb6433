/** A chart over time; fetched when the first is shown. */
import { Suspense, lazy } from "react";
import { Skeleton } from "./page";

export interface Series {
  label: string;
  /** As many as `times`; `null` is a gap. */
  values: (number | null)[];
  /** A colour token, such as `--accent`; from the palette where not given. */
  color?: string;
  /** Filled below. */
  fill?: boolean;
}

export interface ChartProps {
  /** What it shows; read by screen readers, with the newest values. */
  label: string;
  /** Seconds of the epoch. */
  times: number[];
  series: Series[];
  /** How values are written. */
  format?: (value: number) => string;
  height?: number;
  /** The range never ends below this, so that small values look small. */
  least?: number;
  /** Its marks are at powers of two. */
  binary?: boolean;
  /** Charts of one word share their cursor. */
  sync?: string;
  /** Said when a span is chosen by dragging; seconds of the epoch. */
  onSpan?: (from: number, to: number) => void;
}

const Plot = lazy(() => import("./chart/plot"));

export const Chart = (props: ChartProps) =>
  // One point is no line, and none has no time.
  props.times.length < 2 ? (
    <div className="chart-wait muted" style={{ height: props.height ?? 180 }} role="status">
      measuring…
    </div>
  ) : (
    <Suspense fallback={<Skeleton lines={4} label="Loading the chart" />}>
      <Plot {...props} />
    </Suspense>
  );

/** A line without axes, for a table's cell; no library. */
export function Sparkline({ values, most, label, width = 72, height = 18 }: { values: number[]; most?: number; label: string; width?: number; height?: number }) {
  const top = Math.max(most ?? 0, ...values, 1e-9);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, at) => `${(at * step).toFixed(1)},${(height - 1 - (value / top) * (height - 2)).toFixed(1)}`).join(" ");
  return (
    <svg className="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {values.length > 1 && <polyline points={points} fill="none" stroke="currentColor" strokeWidth="1.25" vectorEffect="non-scaling-stroke" />}
    </svg>
  );
}
