/** Keys that phones do not have. */
import { useRef } from "react";
import type { Sticky } from "../../lib/sticky";

const KEYS: { label: string; name: string; text: string; repeats?: boolean }[] = [
  { label: "Esc", name: "Esc", text: "\u001b" },
  { label: "Tab", name: "Tab", text: "\t" },
  { label: "⇤", name: "Shift Tab", text: "\u001b[Z" },
  { label: "←", name: "Left", text: "\u001b[D", repeats: true },
  { label: "↑", name: "Up", text: "\u001b[A", repeats: true },
  { label: "↓", name: "Down", text: "\u001b[B", repeats: true },
  { label: "→", name: "Right", text: "\u001b[C", repeats: true },
  { label: "|", name: "Pipe", text: "|" },
  { label: "~", name: "Tilde", text: "~" },
  { label: "/", name: "Slash", text: "/" },
  { label: "-", name: "Dash", text: "-" },
];
/** When a held key begins to repeat, and how fast; milliseconds. */
const HOLD = 400;
const REPEAT = 60;

export interface KeyBarProps {
  /** Cursor keys as the program asked for them (DECCKM). */
  application: () => boolean;
  type: (text: string) => void;
  sticky: Sticky;
  setSticky: (sticky: Sticky) => void;
  onPaste: () => void;
}

export function KeyBar({ application, type, sticky, setSticky, onPaste }: KeyBarProps) {
  const timer = useRef<number | undefined>(undefined);
  const stop = () => window.clearTimeout(timer.current);
  const press = (text: string, repeats: boolean) => {
    const sent = repeats && application() ? text.replace("[", "O") : text;
    type(sent);
    if (!repeats) return;
    const again = () => {
      type(sent);
      timer.current = window.setTimeout(again, REPEAT);
    };
    timer.current = window.setTimeout(again, HOLD);
  };
  return (
    <div className="key-bar" role="toolbar" aria-label="Keys">
      <button type="button" aria-pressed={sticky.ctrl} onPointerDown={(event) => event.preventDefault()} onClick={() => setSticky({ ...sticky, ctrl: !sticky.ctrl })}>
        Ctrl
      </button>
      <button type="button" aria-pressed={sticky.alt} onPointerDown={(event) => event.preventDefault()} onClick={() => setSticky({ ...sticky, alt: !sticky.alt })}>
        Alt
      </button>
      {KEYS.map((key) => (
        <button
          key={key.name}
          type="button"
          aria-label={key.name}
          // The terminal keeps the focus, and with it the phone its keyboard.
          onPointerDown={(event) => {
            event.preventDefault();
            press(key.text, key.repeats ?? false);
          }}
          onPointerUp={stop}
          onPointerCancel={stop}
          onPointerLeave={stop}
          onClick={(event) => event.detail === 0 && type(key.text)}
        >
          {key.label}
        </button>
      ))}
      <button type="button" onPointerDown={(event) => event.preventDefault()} onClick={onPaste}>
        Paste
      </button>
    </div>
  );
}
