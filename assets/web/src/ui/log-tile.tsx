/** The last lines of a container's log, in a tile's shape: for those that have no screen to picture. */
import { useEffect, useRef, useState } from "react";
import type { Container } from "../lib/api";
import { useLogs } from "../lib/use-logs";

export interface LogTileProps {
  container: Container;
  cols: number;
  rows: number;
}

const RUNNING_OVER = "200px";

/** Follows the log only while the tile is on the screen. */
export function LogTile({ container, cols, rows }: LogTileProps) {
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const watcher = new IntersectionObserver(([change]) => setSeen(change?.isIntersecting ?? false), { rootMargin: RUNNING_OVER });
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);
  return (
    <div ref={place} className="tile-picture tile-log" style={{ aspectRatio: `${cols} / ${rows * 2}` }}>
      {seen && <Lines container={container} rows={rows} />}
    </div>
  );
}

function Lines({ container, rows }: Pick<LogTileProps, "container" | "rows">) {
  const logs = useLogs([container.id], rows, container.started_at);
  const lines = logs.buffer.lines.filter((line) => !line.note).slice(-rows);
  if (logs.problems.size > 0) return null;
  return (
    <pre role="group" aria-label={`Last lines of ${container.name}`}>
      {lines.map((line) => (
        <span key={line.id} className={line.source === "stderr" ? "tone-bad" : undefined}>
          {line.plain.slice(0, 200)}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
