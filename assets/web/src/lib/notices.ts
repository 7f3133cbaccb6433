/** Messages for people: shown for a while as toasts, and kept for the notification centre. */
import type { Problem } from "./problem";
import { problemOf } from "./problem";
import { Store } from "./store";

export type Tone = "ok" | "info" | "warn" | "bad";

export interface Notice {
  id: number;
  at: number;
  tone: Tone;
  title: string;
  text?: string;
  problem?: Problem;
  /** One thing to do about it, such as undoing it. */
  action?: { label: string; run: () => void };
  seen: boolean;
}

/** How many are kept. */
const KEPT = 100;
let next = 1;

/** Newest first. */
export const notices = new Store<Notice[]>([]);

export function notify(notice: Omit<Notice, "id" | "at" | "seen">): number {
  const id = next++;
  notices.update((list) => [{ ...notice, id, at: Date.now(), seen: false }, ...list].slice(0, KEPT));
  return id;
}

/** Tells that something could not be done. */
export function notifyError(title: string, error: unknown): number {
  const problem = problemOf(error);
  return notify({ tone: "bad", title, text: problem.detail, problem });
}

export function markSeen(): void {
  notices.update((list) => (list.some((one) => !one.seen) ? list.map((one) => ({ ...one, seen: true })) : list));
}

export const clearNotices = (): void => notices.set([]);
