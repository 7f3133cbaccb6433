/** What a run's log says: its steps, and its results as tables and numbers. */
import type { RunEntry } from "./automation";

export interface Step {
  name: string;
  /** The log's entry with which it began. */
  seq: number;
  at: string;
  line: number | undefined;
  /** In how many others it is. */
  depth: number;
  ms: number | undefined;
  error: string | undefined;
  screen: string | undefined;
  /** The pictures that were taken within it. */
  pictures: { label: string; text: string }[];
}

type Entry = RunEntry & { line?: number | null };

/** Steps in the order in which they began; one without `ms` goes on, or the run ended within it. */
export function stepsOf(entries: RunEntry[]): Step[] {
  const steps: Step[] = [];
  const open: Step[] = [];
  for (const entry of entries as Entry[]) {
    if (entry.kind === "step_began") {
      const step: Step = { name: entry.name, seq: entry.seq, at: entry.at, line: entry.line ?? undefined, depth: open.length, ms: undefined, error: undefined, screen: undefined, pictures: [] };
      steps.push(step);
      open.push(step);
    } else if (entry.kind === "step_ended") {
      // Those that run side by side end in any order.
      const at = open.findLastIndex((step) => step.name === entry.name);
      const [step] = at < 0 ? [] : open.splice(at, 1);
      if (step) Object.assign(step, { ms: entry.ms, error: entry.error ?? undefined, screen: entry.screen ?? undefined });
    } else if (entry.kind === "screen") {
      open.at(-1)?.pictures.push({ label: entry.label, text: entry.text });
    }
  }
  return steps;
}

/** The line of the script at which the log ends. */
export const lineOf = (entries: RunEntry[]): number | undefined => (entries as Entry[]).findLast((entry) => typeof entry.line === "number")?.line ?? undefined;

export type Result =
  | { kind: "value"; name: string; text: string }
  | { kind: "list"; name: string; texts: string[] }
  | { kind: "numbers"; name: string; bars: Bar[] }
  | { kind: "table"; name: string; columns: string[]; rows: string[][]; bars: Bar[]; measure: string };

export interface Bar {
  label: string;
  value: number;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isRow = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const written = (value: unknown): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : isNumber(value) ? String(Math.round(value * 1e6) / 1e6) : JSON.stringify(value));

/** What a run reported, each result as it is best shown. */
export function resultsOf(results: Record<string, unknown> | undefined): Result[] {
  return Object.entries(results ?? {}).map(([name, value]): Result => {
    if (Array.isArray(value) && value.length > 0) {
      if (value.every(isNumber)) return { kind: "numbers", name, bars: value.map((one, at) => ({ label: String(at + 1), value: one })) };
      if (value.every(isRow)) return table(name, value);
      return { kind: "list", name, texts: value.map(written) };
    }
    if (isRow(value)) {
      const entries = Object.entries(value);
      if (entries.length > 1 && entries.every(([, one]) => isNumber(one))) return { kind: "numbers", name, bars: entries.map(([label, one]) => ({ label, value: one as number })) };
      if (entries.length > 0 && entries.every(([, one]) => isRow(one))) return table(name, entries.map(([key, one]) => ({ "": key, ...(one as Record<string, unknown>) })));
      if (entries.length > 0) return { kind: "table", name, columns: ["", "value"], rows: entries.map(([key, one]) => [key, written(one)]), bars: [], measure: "" };
    }
    return { kind: "value", name, text: written(value) };
  });
}

function table(name: string, rows: Record<string, unknown>[]): Result {
  const said = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const measure = said.find((column) => rows.every((row) => isNumber(row[column])));
  const label = said.find((column) => column !== measure && rows.every((row) => typeof row[column] === "string"));
  // Fields come in the order of the alphabet: what a row is called stands first.
  const columns = label === undefined ? said : [label, ...said.filter((column) => column !== label)];
  return {
    kind: "table",
    name,
    columns,
    rows: rows.map((row) => columns.map((column) => written(row[column]))),
    bars: measure === undefined ? [] : rows.map((row, at) => ({ label: label === undefined ? String(at + 1) : written(row[label]), value: row[measure] as number })),
    measure: measure ?? "",
  };
}

/** Results that are one number each: they can be followed from run to run. */
export const numbersOf = (results: Record<string, unknown> | undefined): Record<string, number> => Object.fromEntries(Object.entries(results ?? {}).filter((one): one is [string, number] => isNumber(one[1])));
