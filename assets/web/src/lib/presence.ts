/** Who is at a session, which of them this page is, and who types now. */
import type { Viewer } from "./frames";

/** How long after a key somebody still counts as typing, in milliseconds: keys are told once a second at most. */
export const TYPES = 2_000;

export interface Present extends Viewer {
  /** This page's own terminal. */
  you: boolean;
  /** When it was heard that they typed, by the clock of this machine: the server's may be another. */
  typed?: number;
}

export class Presence {
  private own: number | undefined;
  private size = { cols: 0, rows: 0 };
  /** What was told last of each; none before the first list, which tells of what was before. */
  private known: Map<number, { told: string | undefined; typed?: number }> | undefined;

  /** This page is attached anew, with a view of this size: the next list has it in it. */
  begin(size: { cols: number; rows: number }): void {
    this.own = undefined;
    this.known = undefined;
    this.size = size;
  }

  take(viewers: Viewer[], now: number): Present[] {
    // Whoever comes has the highest number so far.
    this.own ??= (viewers.findLast((one) => one.size.cols === this.size.cols && one.size.rows === this.size.rows) ?? viewers.at(-1))?.id;
    const before = this.known;
    const known: NonNullable<typeof this.known> = new Map();
    const present = viewers.map((viewer): Present => {
      const told = viewer.typed_at ?? undefined;
      const last = before?.get(viewer.id);
      const typed = before !== undefined && told !== undefined && told !== last?.told ? now : last?.typed;
      known.set(viewer.id, { told, ...(typed === undefined ? {} : { typed }) });
      return { ...viewer, you: viewer.id === this.own, ...(typed === undefined ? {} : { typed }) };
    });
    this.known = known;
    return present;
  }
}

export const types = (viewer: Present, now: number): boolean => viewer.typed !== undefined && now - viewer.typed < TYPES;

/** What somebody does, or may do. */
export function doing(viewer: Present, all: Present[], now: number): string {
  if (types(viewer, now)) return "types now";
  if (viewer.mode === "view") return "watches";
  if (viewer.lease) return "types alone";
  return all.some((one) => one.lease) ? "waits" : "may type";
}

/** What they are there with; nothing where it does not say. */
export function clientWord({ client }: Pick<Viewer, "client">): string | undefined {
  if (!client) return undefined;
  return client === "browser" ? "in a browser" : client === "cto" ? "in the terminal client" : `with ${client}`;
}
