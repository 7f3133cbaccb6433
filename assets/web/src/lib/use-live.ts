/** Live samples and pictures for components: batched, and only while the page is seen. */
import { useEffect, useRef, useState } from "react";
import type { Stats, Tile } from "./api";
import { watchStats, watchTiles } from "./live";

/** How long news are gathered before they are drawn, in milliseconds. */
const BATCH = 100;
/** Samples of a container that are kept: two minutes. */
const KEPT = 120;

/** Whether the page is seen. */
export function useSeen(): boolean {
  const [seen, setSeen] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const changed = () => setSeen(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return seen;
}

function useBatched<T>(): [Map<string, T>, (key: string, value: (before: T | undefined) => T) => void] {
  const [shown, setShown] = useState(() => new Map<string, T>());
  const pending = useRef(new Map<string, T>());
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const put = useRef((key: string, value: (before: T | undefined) => T) => {
    pending.current.set(key, value(pending.current.get(key)));
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      setShown(new Map(pending.current));
    }, BATCH);
  });
  return [shown, put.current];
}

/** Pictures by container; the last ones stay while the server is lost. */
export function useTiles(containers: string[], size: { cols: number; rows: number }): Map<string, Tile> {
  const [tiles, put] = useBatched<Tile>();
  const seen = useSeen();
  const wanted = containers.join(" ");
  const { cols, rows } = size;
  useEffect(() => {
    if (!seen || wanted === "") return;
    return watchTiles(wanted.split(" "), { cols, rows }, (tile) => put(tile.container, () => tile));
  }, [wanted, cols, rows, seen, put]);
  return tiles;
}

/** The newest samples by container, oldest first; of all that run where none is named. */
export function useStats(containers: string[] = []): Map<string, Stats[]> {
  const [stats, put] = useBatched<Stats[]>();
  const seen = useSeen();
  const wanted = containers.join(" ");
  useEffect(() => {
    if (!seen) return;
    return watchStats(wanted === "" ? [] : wanted.split(" "), (sample) => put(sample.container, (before = []) => [...before.slice(1 - KEPT), sample]));
  }, [wanted, seen, put]);
  return stats;
}
