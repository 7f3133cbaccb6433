/** Small live pictures of all terminals; only those that are seen are asked for. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Container } from "../../lib/api";
import { plural } from "../../lib/format";
import { containerState } from "../../lib/state";
import { useTiles } from "../../lib/use-live";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Input } from "../../ui/field";
import { Empty } from "../../ui/page";
import { TilePicture } from "../../ui/tile";

const TILE = { cols: 60, rows: 14 };
/** Panes that one tab has use for. */
const MOST = 12;

/** Which of the elements with `data-seen` are on the screen. */
function useOnScreen(): [Set<string>, (element: HTMLElement | null) => void] {
  const [seen, setSeen] = useState(() => new Set<string>());
  const watcher = useRef<IntersectionObserver | null>(null);
  watcher.current ??= new IntersectionObserver(
    (changes) =>
      setSeen((before) => {
        const after = new Set(before);
        for (const change of changes) {
          const id = (change.target as HTMLElement).dataset["seen"] ?? "";
          if (change.isIntersecting) after.add(id);
          else after.delete(id);
        }
        return after;
      }),
    { rootMargin: "80px" },
  );
  useEffect(() => () => watcher.current?.disconnect(), []);
  const watch = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    watcher.current?.observe(element);
    return () => watcher.current?.unobserve(element);
  }, []);
  return [seen, watch];
}

export interface TilesProps {
  containers: Container[];
  filter: string;
  onFilter: (text: string) => void;
  /** Shows these as panes. */
  onOpen: (containers: Container[]) => void;
}

export function Tiles({ containers, filter, onFilter, onOpen }: TilesProps) {
  const [seen, watch] = useOnScreen();
  const running = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    return containers
      .filter((one) => one.state === "running" && words.every((word) => `${one.name} ${one.image} ${one.template ?? ""}`.toLowerCase().includes(word)))
      .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  }, [containers, filter]);
  const tiles = useTiles(running.filter((one) => seen.has(one.id)).map((one) => one.id), TILE);
  const some = running.slice(0, MOST);
  return (
    <div className="wall-tiles">
      <div className="table-bar">
        <Input type="search" aria-label="Filter tiles" placeholder="Filter" value={filter} onChange={onFilter} />
        <span className="muted count" role="status">
          {plural(running.length, "terminal")}
        </span>
        <Button off={some.length === 0} onClick={() => onOpen(some)}>
          {running.length > MOST ? `Open the first ${MOST} as panes` : "Open them as panes"}
        </Button>
      </div>
      {running.length === 0 ? (
        <Empty title={filter === "" ? "No container runs" : `No container fits "${filter}"`} action={filter === "" ? undefined : <Button onClick={() => onFilter("")}>Show all</Button>} />
      ) : (
        <ul className="wall-grid">
          {running.map((one) => (
            <li key={one.id} ref={watch} data-seen={one.id}>
              <button type="button" className="wall-tile" onClick={() => onOpen([one])}>
                <span className="pane-head">
                  <State state={containerState(one)} short />
                  <span className="mono strong cut">{one.name}</span>
                  <span className="spring" />
                  <span className="muted">{plural(one.sessions ?? 0, "session")}</span>
                </span>
                <TilePicture tile={tiles.get(one.id)} cols={TILE.cols} rows={TILE.rows} label={`Screen of ${one.name}`} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
