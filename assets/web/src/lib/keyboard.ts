/** Shortcuts of the page: registered where they do something, listed on the key sheet. Off while a person writes or a terminal has the focus. */
import { useEffect, useRef } from "react";
import { preferences } from "./preferences";
import { Store } from "./store";

export interface Shortcut {
  /** Unless a person chose others: `?`, `n`, `g c` (one after the other), `Mod+k` (Ctrl, or Cmd on a Mac). */
  keys: string;
  label: string;
  group: string;
}

interface Registered extends Shortcut {
  run: () => void;
}

/** What a shortcut is called where a person's own keys are kept: it stays when its label changes. */
export const shortcutName = (one: Pick<Shortcut, "group" | "keys">): string => `${one.group}: ${one.keys}`;

/** The keys of a shortcut now. */
export const keysOf = (one: Pick<Shortcut, "group" | "keys">): string => preferences.get().keys[shortcutName(one)] ?? one.keys;

/** Which others these keys are taken by: the same ones, or those that begin so and would never be heard. */
export function taken<T extends Shortcut>(keys: string, of: Shortcut, all: T[]): T[] {
  return all.filter((other) => {
    if (shortcutName(other) === shortcutName(of)) return false;
    const theirs = keysOf(other);
    return theirs === keys || theirs.startsWith(`${keys} `) || keys.startsWith(`${theirs} `);
  });
}

/** Keys that are no shortcut's: they lead through pages, or browsers keep them. */
const KEPT_BACK = ["Tab", "Enter", "Escape", "Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified", "F5", "F11", "F12"];
const BROWSERS = ["w", "t", "n", "l", "q"];

/** A pressed key as shortcuts are written; none where it can't be one. */
export function pressed(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string | undefined {
  if (KEPT_BACK.includes(event.key) || event.altKey) return undefined;
  const mod = isMac ? event.metaKey : event.ctrlKey;
  if (mod) return event.key.length === 1 && !event.shiftKey && !BROWSERS.includes(event.key.toLowerCase()) ? `Mod+${event.key.toLowerCase()}` : undefined;
  if (event.ctrlKey || event.metaKey) return undefined;
  return event.key === " " ? "Space" : event.key;
}

const PALETTE = shortcutName({ group: "Everywhere", keys: "Mod+k" });

export const shortcuts = new Store<Registered[]>([]);
/** How long the second key of two may take, in milliseconds. */
const PATIENCE = 1_500;

export const isMac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);

/** Registers shortcuts while the component is there; the latest goes before. */
export function useShortcuts(list: (Shortcut & { run: () => void; off?: boolean })[]): void {
  const current = useRef(list);
  current.current = list;
  const names = list.map((one) => `${one.keys}|${one.label}|${one.group}|${one.off ? "-" : "+"}`).join("\n");
  useEffect(() => {
    const own = current.current.flatMap((one, at) => (one.off ? [] : [{ keys: one.keys, label: one.label, group: one.group, run: () => current.current[at]?.run() }]));
    shortcuts.update((all) => [...own, ...all]);
    return () => shortcuts.update((all) => all.filter((one) => !own.includes(one)));
  }, [names]);
}

/** Whether keys are text there: they are not the page's then. */
export function writing(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable=true], [contenteditable=''], .xterm, .cm-editor") !== null;
}

const inTerminal = (target: EventTarget | null) => target instanceof Element && target.closest(".xterm") !== null;

/** Listens to the window's keys. Returns how to stop. */
export function listenToKeys(): () => void {
  let first: { key: string; at: number } | undefined;
  const down = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    // An open dialog or menu has its own keys.
    if (document.querySelector('[role="dialog"][data-state="open"], [role="alertdialog"][data-state="open"], [role="menu"][data-state="open"]')) return;
    const mod = isMac ? event.metaKey : event.ctrlKey;
    // In a terminal all keys are the program's, but this one.
    if (inTerminal(event.target)) {
      if (event.ctrlKey && event.shiftKey && event.code === "Period") run(shortcuts.get().find((one) => shortcutName(one) === PALETTE), event);
      return;
    }
    if (mod && !event.altKey && !event.shiftKey) {
      hit(`Mod+${event.key.toLowerCase()}`, event);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    const key = event.key === " " ? "Space" : event.key;
    const pair = first && event.timeStamp - first.at < PATIENCE ? `${first.key} ${key}` : undefined;
    first = undefined;
    if (pair && hit(pair, event)) return;
    if (hit(key, event)) return;
    if (shortcuts.get().some((one) => keysOf(one).startsWith(`${key} `))) first = { key, at: event.timeStamp };
  };
  const hit = (keys: string, event: KeyboardEvent): boolean => run(shortcuts.get().find((one) => keysOf(one) === keys), event);
  const run = (found: Registered | undefined, event: KeyboardEvent): boolean => {
    if (!found) return false;
    event.preventDefault();
    found.run();
    return true;
  };
  window.addEventListener("keydown", down);
  return () => window.removeEventListener("keydown", down);
}

/** Keys as they are written for people. */
export const keyNames = (keys: string): string[] => keys.split(" ").map((key) => key.replace("Mod+", isMac ? "⌘" : "Ctrl+").replace(/\+([a-z])$/, (_, letter: string) => `+${letter.toUpperCase()}`));
