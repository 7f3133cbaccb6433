/** A run's log, followed until the run is over. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, data } from "../../lib/api";
import { type Run, type RunEntry, runOver } from "../../lib/automation";
import { backoff } from "../../lib/backoff";

/** Seconds that the server may wait for something new: below what proxies cut. */
const WAIT = 20;
const LIMIT = 2_000;

export function useRunLog(id: string): { entries: RunEntry[]; ended: boolean; error: unknown; retry: () => void } {
  const queries = useQueryClient();
  const [log, setLog] = useState<{ entries: RunEntry[]; ended: boolean; error: unknown }>({ entries: [], ended: false, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setLog({ entries: [], ended: false, error: null });
    void (async () => {
      let known = 0;
      let failures = 0;
      while (!stop.signal.aborted) {
        try {
          const next = await data(api.GET("/api/v1/runs/{id}/log", { params: { path: { id }, query: { after: known, limit: LIMIT, wait: WAIT } }, signal: stop.signal }));
          failures = 0;
          known = next.entries.at(-1)?.seq ?? known;
          const ended = runOver(next.run) && !next.more;
          queries.setQueryData<Run>(["runs", id], next.run);
          setLog((before) => ({ entries: next.entries.length > 0 ? [...before.entries, ...next.entries] : before.entries, ended, error: null }));
          if (ended) return;
        } catch (error) {
          if (stop.signal.aborted) return;
          setLog((before) => ({ ...before, error }));
          const wait = backoff(failures, Math.random);
          failures += 1;
          await new Promise((resolve) => window.setTimeout(resolve, wait));
        }
      }
    })();
    return () => stop.abort();
  }, [id, round, queries]);
  return { ...log, retry: () => setRound(round + 1) };
}
