/** Texts of scripts that are not saved yet, such as one that was made of a recording. Kept in memory alone: what was typed may be in them. */
import beginning from "../../../../luau/new.luau?raw";

const drafts = new Map<string, string>();

export const keepDraft = (name: string, source: string): void => void drafts.set(name, source);
export const dropDraft = (name: string): void => void drafts.delete(name);
export const draftOf = (name: string): string => drafts.get(name) ?? beginning;

/** A name that is free: of `build` and `build-2` the first that is. */
export function freeName(wish: string, taken: string[]): string {
  const base =
    wish
      .toLowerCase()
      .replace(/\.luau$/, "")
      .replace(/[^a-z0-9_-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "script";
  let name = base;
  for (let number = 2; taken.includes(name); number += 1) name = `${base}-${number}`;
  return name;
}
