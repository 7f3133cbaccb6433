/** The terminal with its toolbar, banner, search, paste guard and keys. */
import { ClipboardPaste, Copy, Expand, Keyboard, Maximize, MoreHorizontal, Search, ZoomIn, ZoomOut } from "lucide-react";
import { useRef, useState } from "react";
import { createPortal } from "react-dom";
import { clampFont, prefer, usePreferences } from "../../lib/preferences";
import { type Paste, cleaned, guarded, inspect, visible } from "../../lib/paste";
import { Badge } from "../badge";
import { Button } from "../button";
import { Confirm, Dialog } from "../dialog";
import { TextArea } from "../field";
import { Menu } from "../menu";
import type { TerminalProps } from "../terminal";
import { Banner } from "./banner";
import { Chips } from "./chips";
import { KeyBar } from "./key-bar";
import { SearchBar } from "./search-bar";
import { useTerminal } from "./use-terminal";

/** What a paste is sent in, in letters: a program that reads slowly is not flooded. */
const CHUNK = 4096;
/** Lag from which it is worth a word, in milliseconds. */
const SLOW = 150;

const touch = () => matchMedia("(pointer: coarse)").matches;

export default function TerminalView(props: TerminalProps) {
  const { session, bare = false, actions, afterExit } = props;
  const box = useRef<HTMLElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const wish = usePreferences();
  const [searching, setSearching] = useState(false);
  const [paste, setPaste] = useState<Paste | null>(null);
  const [sheet, setSheet] = useState<string | null>(null);

  const insert = (text: string) => {
    const terminal = made.current?.terminal;
    for (let at = 0; at < text.length && terminal; at += CHUNK) {
      // In one piece where the program wants to know that it is pasted.
      if (terminal.modes.bracketedPasteMode) {
        terminal.paste(text);
        break;
      }
      terminal.paste(text.slice(at, at + CHUNK));
    }
    terminal?.focus();
  };
  const asked = (text: string) => {
    const found = inspect(text);
    // A last line end alone hides nothing, but it runs the line: asked about as well.
    if (guarded(found)) setPaste(found);
    else insert(text);
  };
  const copy = () => {
    const text = made.current?.terminal.getSelection() ?? "";
    if (text) void navigator.clipboard?.writeText(text).catch(() => change({ notice: "The browser does not let this page copy." }));
  };
  const pasteNow = async () => {
    try {
      asked(await navigator.clipboard.readText());
    } catch {
      // The browser does not let pages read the clipboard: the person pastes into a field.
      setSheet("");
    }
  };
  const key = (event: KeyboardEvent): boolean => {
    if (event.type !== "keydown") return false;
    // The way out by keyboard: the browser moves the focus.
    if (event.key === "Tab" && event.shiftKey) return true;
    if (!event.ctrlKey || !event.shiftKey) return false;
    if (event.code === "Period" || event.code === "KeyV") return true;
    if (event.code === "KeyC") {
      event.preventDefault();
      copy();
      return true;
    }
    if (event.code === "KeyF") {
      event.preventDefault();
      setSearching(true);
      return true;
    }
    return false;
  };
  const handle = useTerminal(place, props, { key, paste: asked });
  const { made, wire, state, change, type, sticky, setSticky } = handle;
  const { status, size, room } = state;
  const boxed = status.state === "live" && (size.cols !== room.cols || size.rows !== room.rows);
  const watching = state.mode === "view" ? "you only watch" : false;
  const zoom = (by: number) => prefer({ fontSize: clampFont(wish.fontSize + by) });
  const screenText = () => made.current?.serialize.serialize({ excludeAltBuffer: false }) ?? "";

  return (
    <section ref={box} aria-label={`Terminal of ${session.container_name}`} className={bare ? "term-view bare" : "term-view"} data-state={status.state}>
      {!bare && (
        <div className="terminal-bar">
          <span className="terminal-title mono" title={state.title}>
            {state.title || session.container_name}
          </span>
          {session.recording && <Badge tone="bad">● rec</Badge>}
          <Chips state={state} boxed={boxed} wish={(op) => wire.current?.wish(op)} />
          {state.lag !== null && state.lag >= SLOW && <Badge tone="warn">▲ {state.lag} ms</Badge>}
          {state.skipped > 0 && <Badge tone="warn">some output was skipped</Badge>}
          <span className="spring" />
          <span className="sr" role="status">
            {status.state === "live" ? "connected" : status.state}
          </span>
          <span className="muted mono terminal-size" aria-hidden="true">
            {size.cols}×{size.rows}
          </span>
          <Button kind="quiet" label="Search (Ctrl+Shift+F)" icon={<Search size={15} />} onClick={() => setSearching(!searching)} />
          <span className="wide-only">
            <Button kind="quiet" label="Smaller" icon={<ZoomOut size={15} />} onClick={() => zoom(-1)} />
            <Button kind="quiet" label="Larger" icon={<ZoomIn size={15} />} onClick={() => zoom(1)} />
            <Button kind="quiet" label="Full screen" icon={<Maximize size={15} />} onClick={() => void (document.fullscreenElement ? document.exitFullscreen() : box.current?.requestFullscreen())} />
          </span>
          <Menu
            label="Terminal"
            trigger={<button type="button" className="button quiet bare" aria-label="More" title="More"><MoreHorizontal size={15} aria-hidden="true" /></button>}
            items={[
              { label: "Copy", keys: "Ctrl+Shift+C", icon: <Copy size={14} />, onSelect: copy },
              { label: "Paste", keys: "Ctrl+Shift+V", icon: <ClipboardPaste size={14} />, off: watching, onSelect: () => void pasteNow() },
              { label: "Copy all with colours", icon: <Copy size={14} />, onSelect: () => void navigator.clipboard?.writeText(screenText()) },
              { group: "" },
              { label: "Fit the session to this window", icon: <Expand size={14} />, off: watching, onSelect: () => wire.current?.wish("take_size") },
              state.lease.yours
                ? { label: "Let everyone type again", icon: <Keyboard size={14} />, onSelect: () => wire.current?.wish("give_lease") }
                : { label: state.lease.holder === undefined ? "Only I type" : `Type instead of ${state.lease.holder}`, icon: <Keyboard size={14} />, off: watching, onSelect: () => wire.current?.wish("take_lease") },
              { group: "" },
              { label: "Larger", onSelect: () => zoom(1) },
              { label: "Smaller", onSelect: () => zoom(-1) },
              { group: "" },
              { label: "Screen-reader mode", checked: wish.screenReader, onSelect: () => prefer({ screenReader: !wish.screenReader }) },
              { label: "Copy what is selected", checked: wish.copyOnSelect, onSelect: () => prefer({ copyOnSelect: !wish.copyOnSelect }) },
            ]}
          />
          {actions}
        </div>
      )}
      {bare && props.chips && createPortal(<Chips state={state} boxed={boxed} wish={(op) => wire.current?.wish(op)} />, props.chips)}
      {searching && (
        <SearchBar
          made={made}
          onClose={() => {
            setSearching(false);
            made.current?.terminal.focus();
          }}
        />
      )}
      <Banner
        state={state}
        waiting={wire.current?.waiting ?? 0}
        onRetry={() => wire.current?.retry()}
        onCopy={(yes) => {
          if (yes && state.copies !== null) void navigator.clipboard?.writeText(state.copies).catch(() => null);
          change({ copies: null });
        }}
        onDismiss={() => change({ notice: null })}
        afterExit={afterExit}
      />
      <div className={boxed ? "screen boxed" : "screen"} data-state={status.state}>
        <div ref={place} className="screen-place" />
      </div>
      {touch() && state.mode === "write" && (
        <KeyBar application={() => made.current?.terminal.modes.applicationCursorKeysMode ?? false} type={type} sticky={sticky} setSticky={setSticky} onPaste={() => void pasteNow()} />
      )}
      <Confirm open={paste !== null} onClose={() => setPaste(null)} title={paste && paste.lines > 1 ? `Paste ${paste.lines} lines?` : "Paste this?"} verb="Paste" onConfirm={() => insert(paste?.text ?? "")}>
        {paste && (
          <>
            <pre className="paste">{visible(paste.text).slice(0, 4_000)}</pre>
            {paste.controls > 0 && (
              <p className="tone-warn">
                ▲ It holds {paste.controls} control characters.{" "}
                <Button onClick={() => setPaste({ ...paste, text: cleaned(paste.text), controls: 0 })}>Take them out</Button>
              </p>
            )}
          </>
        )}
      </Confirm>
      <Confirm open={state.link !== null} onClose={() => change({ link: null })} title="Follow this link?" verb="Open" onConfirm={() => void window.open(state.link ?? "", "_blank", "noopener,noreferrer")}>
        <p>A program made this link. It leads to</p>
        <pre className="paste">{state.link}</pre>
      </Confirm>
      <Dialog
        open={sheet !== null}
        onClose={() => setSheet(null)}
        title="Paste"
        foot={
          <Button
            kind="primary"
            off={sheet === ""}
            onClick={() => {
              insert(sheet ?? "");
              setSheet(null);
            }}
          >
            Send
          </Button>
        }
      >
        <TextArea aria-label="Text to paste" autoFocus value={sheet ?? ""} onChange={setSheet} />
      </Dialog>
    </section>
  );
}
