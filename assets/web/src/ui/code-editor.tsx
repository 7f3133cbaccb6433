/** An editor for JSON and Lua; fetched when the first is shown. */
import { Suspense, lazy } from "react";
import { Skeleton } from "./page";

export interface Diagnostic {
  /** From 1. */
  line: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
  text: string;
  tone: "bad" | "warn" | "info";
}

export interface Completion {
  label: string;
  detail?: string;
  info?: string;
  kind?: "function" | "variable" | "property" | "keyword" | "value";
  /** What is written, where it is not the label. */
  apply?: string;
}

export interface CodeEditorProps {
  /** Read by screen readers. */
  label: string;
  value: string;
  onChange?: (value: string) => void;
  language: "json" | "lua" | "text";
  /** What is wrong, as the server's check says it; the page asks for it when the text rests. */
  diagnostics?: Diagnostic[];
  /** Completions for the text before the cursor; `word` is what has been written of it. */
  complete?: (before: string, word: string) => Completion[] | Promise<Completion[]>;
  readOnly?: boolean;
  /** Ctrl/Cmd+S. */
  onSave?: () => void;
  /** Lines with a breakpoint, from 1; with `onBreakpoints` they are set in the gutter, or by F9. They move with the text. */
  breakpoints?: number[];
  onBreakpoints?: (lines: number[]) => void;
  /** A line that is marked and kept in view, such as where a run is. */
  mark?: number | undefined;
  /** Goes to a place and takes the keyboard there; each new object once. */
  goTo?: { line: number; column?: number } | null;
  /** As CSS: `20rem`; as high as its box where not given. */
  height?: string;
}

const Editor = lazy(() => import("./code/editor"));

export const CodeEditor = (props: CodeEditorProps) => (
  <Suspense fallback={<Skeleton lines={8} label="Loading the editor" />}>
    <Editor {...props} />
  </Suspense>
);
