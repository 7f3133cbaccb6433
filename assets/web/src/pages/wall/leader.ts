/** The wall's keys: the leader, then one that the terminal client has too. */
import { useEffect, useRef, useState } from "react";
import { writing } from "../../lib/keyboard";
import type { Leader } from "../../lib/preferences";

export interface WallKey {
  /** As the terminal client writes them: `%`, `C-Left`, `M-Left`, `Space`. */
  keys: string[];
  label: string;
  run: () => void;
  /** In the line of hints. */
  hint?: string;
}

const NAMED: Record<string, string> = { " ": "Space", ArrowLeft: "Left", ArrowRight: "Right", ArrowUp: "Up", ArrowDown: "Down" };

/** A key as it is named in `WallKey`. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey">): string {
  return `${event.ctrlKey ? "C-" : ""}${event.altKey ? "M-" : ""}${NAMED[event.key] ?? event.key}`;
}

export function isLeader(event: Pick<KeyboardEvent, "code" | "ctrlKey" | "altKey" | "metaKey" | "shiftKey">, leader: Leader): boolean {
  const letter = leader.replace("Ctrl+", "");
  return event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey && event.code === (letter === "Space" ? "Space" : `Key${letter}`);
}

const MODIFIERS = ["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock"];
const OPEN = '[role="dialog"][data-state="open"], [role="alertdialog"][data-state="open"], [role="menu"][data-state="open"]';

/** Listens before terminals do. True while the key after the leader is waited for. */
export function useLeader(leader: Leader, keys: WallKey[]): boolean {
  const [armed, setArmed] = useState(false);
  const latest = useRef({ armed, keys });
  latest.current = { armed, keys };
  useEffect(() => {
    const taken = (event: Event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    const down = (event: KeyboardEvent) => {
      if (event.isComposing || document.querySelector(OPEN)) return;
      const inTerminal = event.target instanceof Element && event.target.closest(".xterm") !== null;
      if (writing(event.target) && !inTerminal) return;
      if (!latest.current.armed) {
        if (!isLeader(event, leader)) return;
        taken(event);
        latest.current.armed = true;
        setArmed(true);
        return;
      }
      if (MODIFIERS.includes(event.key)) return;
      latest.current.armed = false;
      setArmed(false);
      // Twice is once for the program.
      if (isLeader(event, leader) && inTerminal) return;
      taken(event);
      const name = keyName(event);
      latest.current.keys.find((key) => key.keys.includes(name))?.run();
    };
    window.addEventListener("keydown", down, true);
    return () => window.removeEventListener("keydown", down, true);
  }, [leader]);
  return armed;
}
