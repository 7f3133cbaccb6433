import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { HighlightStyle, StreamLanguage, bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { type Diagnostic as Lint, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Text } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { CodeEditorProps, Diagnostic } from "../code-editor";
import { breakpoints as breakpointGutter, linesOf, marked, setLines, setMark } from "./breakpoints";

const LANGUAGES = { json: json(), lua: StreamLanguage.define(lua), text: [] };

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--back)", color: "var(--text)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--back)", color: "var(--muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection-back) !important" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--bar)", color: "var(--text)", border: "1px solid var(--line)" },
  "& .cm-tooltip.cm-tooltip-autocomplete > ul": { maxWidth: "min(30rem, 90vw)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--selection-bg)", color: "var(--selection-fg)" },
  ".cm-textfield, .cm-button": { backgroundColor: "var(--back)", color: "var(--text)", border: "1px solid var(--line)", backgroundImage: "none" },
  ".cm-breakpoints": { width: "1.1em", cursor: "pointer" },
  ".cm-breakpoints .cm-gutterElement": { color: "var(--error)", textAlign: "center" },
  ".cm-marked": { backgroundColor: "var(--selection-back)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
});

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--ansi-5)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.function(tags.variableName), tags.standard(tags.variableName)], color: "var(--accent)" },
  { tag: tags.invalid, color: "var(--error)" },
]);

function lint(doc: Text, list: Diagnostic[]): Lint[] {
  const place = (line: number, column: number) => {
    const row = doc.line(Math.max(1, Math.min(doc.lines, line)));
    return Math.min(row.to, row.from + Math.max(0, column - 1));
  };
  return list.map((one) => {
    const from = place(one.line, one.column ?? 1);
    const to = one.endLine === undefined ? doc.lineAt(from).to : place(one.endLine, one.endColumn ?? 1);
    return { from, to: Math.max(from, to), severity: one.tone === "bad" ? "error" : one.tone === "warn" ? "warning" : "info", message: one.text };
  });
}

const NONE: Diagnostic[] = [];

export default function Editor(props: CodeEditorProps) {
  const { label, value, language, diagnostics = NONE, readOnly = false, height, breakpoints, mark, goTo } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const kind = useRef(new Compartment());
  const fixed = useRef(new Compartment());

  useEffect(() => {
    const parent = place.current;
    if (!parent) return;
    const now = latest.current;
    const editor = new EditorView({
      parent,
      state: EditorState.create({
        doc: now.value,
        extensions: [
          ...(now.onBreakpoints || now.breakpoints ? [breakpointGutter((lines) => latest.current.onBreakpoints?.(lines))] : []),
          marked,
          lineNumbers(),
          foldGutter(),
          lintGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          indentUnit.of("  "),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          autocompletion({
            override: [
              async (context) => {
                const { complete } = latest.current;
                const word = context.matchBefore(/[\w.:$-]*/);
                if (!complete || !word || (word.from === word.to && !context.explicit)) return null;
                const found = await complete(context.state.sliceDoc(0, context.pos), word.text);
                return { from: word.from, options: found.map(({ kind, ...one }) => ({ ...one, type: kind ?? "variable" })) };
              },
            ],
          }),
          syntaxHighlighting(colors),
          theme,
          kind.current.of(LANGUAGES[now.language]),
          fixed.current.of([EditorState.readOnly.of(now.readOnly ?? false)]),
          EditorView.contentAttributes.of({ "aria-label": now.label, tabindex: "0" }),
          keymap.of([
            {
              key: "Mod-s",
              preventDefault: true,
              run: () => {
                latest.current.onSave?.();
                return true;
              },
            },
            // Escape, then Tab leaves the editor: CodeMirror's own way out.
            indentWithTab,
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...foldKeymap,
            ...completionKeymap,
            ...lintKeymap,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== value) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const editor = view.current;
    if (editor && breakpoints && linesOf(editor.state).join() !== breakpoints.join()) editor.dispatch({ effects: setLines.of(breakpoints) });
  }, [breakpoints]);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const line = mark !== undefined && mark >= 1 && mark <= editor.state.doc.lines ? mark : 0;
    editor.dispatch({ effects: [setMark.of(line), ...(line ? [EditorView.scrollIntoView(editor.state.doc.line(line).from, { y: "nearest", yMargin: 40 })] : [])] });
  }, [mark, value]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || !goTo) return;
    const row = editor.state.doc.line(Math.max(1, Math.min(editor.state.doc.lines, goTo.line)));
    const anchor = Math.min(row.to, row.from + Math.max(0, (goTo.column ?? 1) - 1));
    editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    editor.focus();
  }, [goTo]);
  useEffect(() => view.current?.dispatch({ effects: kind.current.reconfigure(LANGUAGES[language]) }), [language]);
  useEffect(() => view.current?.dispatch({ effects: fixed.current.reconfigure([EditorState.readOnly.of(readOnly)]) }), [readOnly]);
  useEffect(() => {
    const editor = view.current;
    if (editor) editor.dispatch(setDiagnostics(editor.state, lint(editor.state.doc, diagnostics)));
  }, [diagnostics]);

  return <div ref={place} className="code" role="group" aria-label={label} {...(height ? { style: { height } } : {})} />;
}
