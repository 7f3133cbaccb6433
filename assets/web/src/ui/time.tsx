/** Times: relative, with the exact one to point at. One clock for all. */
import { ago, duration } from "../lib/format";
import { Store, useStore } from "../lib/store";

const clock = new Store(Date.now());
const TICK = 1_000;
if (typeof window !== "undefined") window.setInterval(() => document.visibilityState === "visible" && clock.set(Date.now()), TICK);

/** The time now, once a second. */
export const useNow = (): number => useStore(clock);

export interface TimeProps {
  at: string | number | null | undefined;
  /** `ago`: "2h ago". `for`: how long it has lasted, "2h 5m". `date`: date and time. */
  as?: "ago" | "for" | "date";
}

export function Time({ at, as = "ago" }: TimeProps) {
  const now = useNow();
  if (at === null || at === undefined) return <span className="muted">–</span>;
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return <span className="muted">–</span>;
  const exact = time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
  const shown = as === "date" ? exact : as === "for" ? duration(now - time.getTime()) : ago(time.getTime(), now);
  return (
    <time dateTime={time.toISOString()} title={`${exact} (${time.toISOString()})`}>
      {shown}
    </time>
  );
}
