/** What the palette offers. Pages add what can be done on them while they are shown. */
import { type ReactNode, useEffect, useRef } from "react";
import type { Action } from "./auth";
import { Store } from "./store";

export interface Command {
  /** Unique within its group. */
  label: string;
  group: string;
  icon?: ReactNode;
  /** Other words that find it. */
  words?: string[];
  keys?: string;
  needs?: Action;
  run: () => void;
}

export const commands = new Store<Command[]>([]);

/** Offers these while the component is there. `reason` changes when the list does. */
export function useCommands(list: Command[], reason: string): void {
  const current = useRef(list);
  current.current = list;
  useEffect(() => {
    const own = current.current.map((command, at) => ({ ...command, run: () => current.current[at]?.run() }));
    commands.update((all) => [...own, ...all]);
    return () => commands.update((all) => all.filter((command) => !own.includes(command)));
  }, [reason]);
}
