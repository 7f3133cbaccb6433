/** `?`: the keys that hold now, which can be changed there. */
import { RotateCcw } from "lucide-react";
import { Fragment, type KeyboardEvent, useState } from "react";
import { type Shortcut, keyNames, keysOf, pressed, shortcutName, shortcuts, taken } from "../lib/keyboard";
import { prefer, usePreferences } from "../lib/preferences";
import { useStore } from "../lib/store";
import { Button } from "./button";
import { Dialog } from "./dialog";

/** Those that are always so: of tables, and of terminals, where all other keys are the program's. */
const ALWAYS: Shortcut[] = [
  { keys: "j", label: "next row (also ↓)", group: "In tables" },
  { keys: "k", label: "row before (also ↑)", group: "In tables" },
  { keys: "Enter", label: "open", group: "In tables" },
  { keys: "x", label: "choose (also Space, Shift+↓)", group: "In tables" },
  { keys: "/", label: "filter", group: "In tables" },
  { keys: "Shift+Tab", label: "leave the terminal", group: "In a terminal" },
  { keys: "Ctrl+Shift+.", label: "command palette", group: "In a terminal" },
  { keys: "Ctrl+Shift+F", label: "search", group: "In a terminal" },
  { keys: "Ctrl+Shift+C", label: "copy", group: "In a terminal" },
  { keys: "Ctrl+Shift+V", label: "paste", group: "In a terminal" },
];

/** What holds first of those that are called alike: pages go before the frame. */
const distinct = (list: Shortcut[]): Shortcut[] => list.filter((one, at) => list.findIndex((other) => shortcutName(other) === shortcutName(one)) === at);

export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Keys" size="wide" about="Of this page. Press one to change it; it is kept in this browser.">
      <KeyMap all />
    </Dialog>
  );
}

/** The shortcuts in their groups. `all`: also those that can't be changed. */
export function KeyMap({ all = false }: { all?: boolean }) {
  const registered = distinct(useStore(shortcuts));
  const { keys } = usePreferences();
  const [changing, setChanging] = useState<string | null>(null);
  const list = all ? [...registered, ...ALWAYS] : registered;
  const groups = [...new Set(list.map((one) => one.group))];
  const own = Object.keys(keys).length;
  return (
    <>
      <div className="key-sheet">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <ul>
              {list
                .filter((one) => one.group === group)
                .map((one) => (
                  <li key={one.keys}>
                    {ALWAYS.includes(one) ? (
                      <span className="key-row">
                        <Keys keys={one.keys} />
                        <span>{one.label}</span>
                      </span>
                    ) : changing === shortcutName(one) ? (
                      <Press of={one} others={registered} onDone={() => setChanging(null)} />
                    ) : (
                      <button type="button" className="key-row" title="Change" onClick={() => setChanging(shortcutName(one))}>
                        <Keys keys={keysOf(one)} />
                        <span>
                          {one.label} {keysOf(one) !== one.keys && <span className="muted">(else {keyNames(one.keys).join(" ")})</span>}
                        </span>
                      </button>
                    )}
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
      {own > 0 && (
        <Button icon={<RotateCcw size={14} />} onClick={() => prefer({ keys: {} })}>
          All keys as they were
        </Button>
      )}
    </>
  );
}

function Keys({ keys }: { keys: string }) {
  return (
    <span className="keys">
      {keyNames(keys).map((key, at) => (
        <Fragment key={at}>
          <kbd>{key}</kbd>{" "}
        </Fragment>
      ))}
    </span>
  );
}

/** Takes the next keys that are pressed: one, or two after each other. */
function Press({ of, others, onDone }: { of: Shortcut; others: Shortcut[]; onDone: () => void }) {
  const { keys } = usePreferences();
  const [said, setSaid] = useState<string[]>([]);
  const text = said.join(" ");
  const clashes = text === "" ? [] : taken(text, of, others);
  const save = () => {
    if (text === "" || clashes.length > 0) return;
    const { [shortcutName(of)]: _, ...rest } = keys;
    prefer({ keys: text === of.keys ? rest : { ...rest, [shortcutName(of)]: text } });
    onDone();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return onDone();
    if (event.key === "Enter") return save();
    const key = pressed(event);
    if (event.key === "Backspace") return setSaid([]);
    if (key === undefined) return;
    setSaid((before) => (key.startsWith("Mod+") || before.length !== 1 || before[0]?.startsWith("Mod+") ? [key] : [...before, key]));
  };
  const { [shortcutName(of)]: chosen } = keys;
  return (
    <div className="key-press">
      <input className="input mono" autoFocus readOnly aria-label={`Keys for ${of.label}`} placeholder="Press one or two keys" value={keyNames(text).join(" ")} onKeyDown={press} />
      <Button kind="primary" off={text === "" || clashes.length > 0} onClick={save}>
        Keep
      </Button>
      {chosen !== undefined && (
        <Button
          onClick={() => {
            const { [shortcutName(of)]: _, ...rest } = keys;
            prefer({ keys: rest });
            onDone();
          }}
        >
          As it was
        </Button>
      )}
      <Button kind="quiet" onClick={onDone}>
        Cancel
      </Button>
      <p className={clashes.length > 0 ? "field-error" : "help"} role="status">
        {clashes.length > 0 ? `✖ taken by ${clashes.map((one) => `'${one.label}'`).join(", ")}` : `for '${of.label}'`}
      </p>
    </div>
  );
}
