/** Breakpoints beside the lines of an editor, and the line where something is. */
import { type EditorState, type Extension, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, gutter, keymap } from "@codemirror/view";

/** Sets them all, by line from 1. */
export const setLines = StateEffect.define<number[]>();
const toggle = StateEffect.define<number>();

class Point extends GutterMarker {
  override toDOM() {
    return document.createTextNode("●");
  }
}
const point = new Point();

const field = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update(set, transaction) {
    let now = set.map(transaction.changes);
    const { doc } = transaction.state;
    for (const effect of transaction.effects) {
      if (effect.is(setLines)) {
        const places = [...new Set(effect.value)].filter((line) => line >= 1 && line <= doc.lines).map((line) => doc.line(line).from);
        now = RangeSet.of(places.sort((a, b) => a - b).map((from) => point.range(from)));
      }
      if (effect.is(toggle)) {
        const line = doc.lineAt(effect.value);
        let there = false;
        now.between(line.from, line.to, () => {
          there = true;
        });
        now = there ? now.update({ filter: (from) => from < line.from || from > line.to }) : now.update({ add: [point.range(line.from)] });
      }
    }
    return now;
  },
});

/** Lines with a breakpoint, from 1. */
export function linesOf(state: EditorState): number[] {
  const lines = new Set<number>();
  state.field(field, false)?.between(0, state.doc.length, (from) => {
    lines.add(state.doc.lineAt(from).number);
  });
  return [...lines].sort((a, b) => a - b);
}

export function breakpoints(changed: (lines: number[]) => void): Extension {
  return [
    field,
    gutter({
      class: "cm-breakpoints",
      markers: (view) => view.state.field(field),
      initialSpacer: () => point,
      domEventHandlers: {
        mousedown(view, line) {
          view.dispatch({ effects: toggle.of(line.from) });
          return true;
        },
      },
    }),
    keymap.of([
      {
        key: "F9",
        preventDefault: true,
        run(view) {
          view.dispatch({ effects: toggle.of(view.state.selection.main.head) });
          return true;
        },
      },
    ]),
    EditorView.updateListener.of((update) => {
      if (update.startState.field(field) !== update.state.field(field) && linesOf(update.startState).join() !== linesOf(update.state).join()) changed(linesOf(update.state));
    }),
  ];
}

/** Marks a line; 0 for none. */
export const setMark = StateEffect.define<number>();
const line = Decoration.line({ class: "cm-marked" });

export const marked: Extension = StateField.define({
  create: () => Decoration.none,
  update(set, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMark)) return effect.value ? Decoration.set(line.range(transaction.state.doc.line(Math.min(effect.value, transaction.state.doc.lines)).from)) : Decoration.none;
    return set.map(transaction.changes);
  },
  provide: (from) => EditorView.decorations.from(from),
});
