import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { shownTheme, token } from "../../lib/preferences";
import { useStore } from "../../lib/store";
import type { ChartProps } from "../chart";

const COLORS = ["--accent", "--ok", "--warn", "--error", "--info", "--ansi-5"];
const plain = (value: number) => String(Math.round(value * 100) / 100);
/** Steps of an axis that is read in KiB and MiB. */
const BINARY = Array.from({ length: 60 }, (_, power) => 2 ** power);
const two = (part: number) => String(part).padStart(2, "0");

/** The time of day, with seconds where marks are nearer than a minute, and the day where it is another than the mark before's. */
function clock(ticks: number[], step: number): string[] {
  let day = "";
  return ticks.map((tick) => {
    const time = new Date(tick * 1000);
    const hours = `${two(time.getHours())}:${two(time.getMinutes())}${step < 60 ? `:${two(time.getSeconds())}` : ""}`;
    const today = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    const fresh = day !== "" && day !== today;
    day = today;
    return step >= 86_400 ? today : fresh ? `${hours}\n${today}` : hours;
  });
}

export default function Plot({ label, times, series, format = plain, height = 180, least, binary = false, sync, onSpan }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useStore(shownTheme);
  const shape = series.map((one) => `${one.label}${one.color ?? ""}${one.fill ?? ""}`).join("|");
  const latest = useRef({ times, series, format, onSpan });
  latest.current = { times, series, format, onSpan };

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const axis = { stroke: token("--muted"), grid: { stroke: token("--line"), width: 1 }, ticks: { stroke: token("--line"), width: 1 }, font: `11px ${token("--mono")}` };
    const made = new uPlot(
      {
        width: Math.max(120, element.clientWidth),
        height,
        cursor: { ...(sync ? { sync: { key: sync } } : {}), drag: { x: onSpan !== undefined, y: false, setScale: false } },
        legend: { live: true },
        scales: { y: { range: (_, __, most) => [0, Math.max(most ?? 0, least ?? 0) * 1.05 || 1] } },
        axes: [
          { ...axis, values: (_, ticks, __, ___, step) => clock(ticks, step) },
          { ...axis, size: 76, ...(binary ? { incrs: BINARY } : {}), values: (_, ticks) => ticks.map((tick) => latest.current.format(tick)) },
        ],
        series: [
          { label: "at", value: (_, time) => (time === null ? "–" : new Date(time * 1000).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium", hourCycle: "h23" })) },
          ...latest.current.series.map((one, at) => {
            const color = token(one.color ?? COLORS[at % COLORS.length] ?? "--accent");
            return { label: one.label, stroke: color, width: 1.5, points: { show: false }, value: (_: uPlot, value: number | null) => (value === null ? "–" : latest.current.format(value)), ...(one.fill ? { fill: `${color}22` } : {}) };
          }),
        ],
        hooks: {
          setSelect: [
            (chart) => {
              if (chart.select.width < 4) return;
              latest.current.onSpan?.(chart.posToVal(chart.select.left, "x"), chart.posToVal(chart.select.left + chart.select.width, "x"));
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      [latest.current.times, ...latest.current.series.map((one) => one.values)],
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => element.clientWidth > 0 && made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, shape, height, sync, least, binary, onSpan === undefined]);

  useEffect(() => {
    plot.current?.setData([times, ...series.map((one) => one.values)]);
  }, [times, series]);

  const newest = series.map((one) => `${one.label} ${format(one.values.findLast((value) => value !== null) ?? 0)}`).join(", ");
  return <div ref={place} className="chart" role="img" aria-label={`${label}: ${newest}`} />;
}
