/** How long to wait before the next try: full jitter between a quarter of a second and a quarter of a minute. */
export const SHORTEST_WAIT = 250;
export const LONGEST_WAIT = 15_000;

/** Milliseconds before try number `attempt` (from 0). */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** Math.min(attempt, 10));
  return Math.round(SHORTEST_WAIT + random() * (most - SHORTEST_WAIT));
}

/** Longer than this between two ticks of a clock: the machine has slept. */
const SLEPT = 20_000;
const TICK = 5_000;

/**
 * Calls `again` when a connection is worth a look at once: the machine has woken up, the network is back, the page is seen again. `slept` where
 * it can't have lived on. Of pages that nobody sees, browsers let clocks stand still: that is no sleep. Returns how to stop.
 */
export function onWake(again: (slept: boolean) => void): () => void {
  let last = Date.now();
  const clock = setInterval(() => {
    const now = Date.now();
    if (now - last > SLEPT) again(document.visibilityState === "visible");
    last = now;
  }, TICK);
  const online = () => again(false);
  const seen = () => {
    if (document.visibilityState !== "visible") return;
    last = Date.now();
    again(false);
  };
  window.addEventListener("online", online);
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(clock);
    window.removeEventListener("online", online);
    document.removeEventListener("visibilitychange", seen);
  };
}
