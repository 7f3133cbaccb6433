/** The logs of the chosen containers as they come, in one list. */
import { Download, Eraser } from "lucide-react";
import { useMemo } from "react";
import type { Container } from "../../lib/api";
import { count, plural } from "../../lib/format";
import type { LogLine } from "../../lib/log-lines";
import { save } from "../../lib/transfer";
import { useLogs } from "../../lib/use-logs";
import { Button } from "../../ui/button";
import { Empty } from "../../ui/page";
import { useNow } from "../../ui/time";
import { HUES } from "./hues";
import { LogView } from "./view";

/** Lines of the past, of each. */
const TAIL = 300;

export function Live({ chosen }: { chosen: Container[] }) {
  const ids = useMemo(() => chosen.map((one) => one.id), [chosen]);
  const logs = useLogs(ids, TAIL);
  const names = useMemo(() => {
    const widest = Math.max(0, ...chosen.map((one) => one.name.length));
    return new Map(chosen.map((one, at) => [one.id, { name: one.name.padEnd(Math.min(24, widest)), tone: at % HUES }]));
  }, [chosen]);
  const download = (lines: LogLine[]) => {
    const of = new Map(chosen.map((one) => [one.id, one.name]));
    save(lines.map((line) => `${line.stamp} ${of.get(line.container) ?? ""} ${line.source} ${line.plain}\n`).join(""), "cto-logs.txt");
  };
  return (
    <>
      <Rate series={logs.rates} />
      <LogView
        logs={logs}
        names={names}
        label={`Logs of ${plural(chosen.length, "container")}`}
        actions={(shown) => (
          <>
            <Button kind="quiet" label="Empty the list" icon={<Eraser size={15} />} onClick={logs.clear} />
            <Button kind="quiet" label="Download what is shown" icon={<Download size={15} />} onClick={() => download(shown)} />
          </>
        )}
        empty={<Empty title="Nothing was printed yet">Lines are shown here as they come.</Empty>}
      />
    </>
  );
}

/** Lines a second in the last two minutes, as bars. */
function Rate({ series }: { series: { series: (now: number) => number[] } }) {
  const now = useNow();
  const counts = series.series(now);
  const most = Math.max(1, ...counts);
  const sum = counts.reduce((all, one) => all + one, 0);
  return (
    <div className="rate">
      <svg viewBox={`0 0 ${counts.length} 24`} preserveAspectRatio="none" role="img" aria-label={`Lines a second in the last two minutes: ${count(sum)} lines, ${count(most)} at most`}>
        {counts.map((one, at) => (
          <rect key={at} x={at} y={24 - (one / most) * 24} width={0.8} height={(one / most) * 24} />
        ))}
      </svg>
      <span className="mono muted">{count(counts.at(-2) ?? 0)}/s</span>
    </div>
  );
}
