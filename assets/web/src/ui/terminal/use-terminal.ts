/** Ties one xterm.js to one attached session, and tells React what it has to know. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { Attached, type Mode, type Status } from "../../lib/attach";
import { recognise } from "../../lib/auth";
import { socketUrl } from "../../lib/base";
import { type Exit, type Lease, TERM_PROTOCOL } from "../../lib/frames";
import { clampFont, prefer, preferences, shownTheme } from "../../lib/preferences";
import type { Present } from "../../lib/presence";
import { type Sticky, modified } from "../../lib/sticky";
import type { TerminalProps } from "../terminal";
import { type Made, colors, make, room } from "./xterm";

const utf8 = new TextEncoder();
/** What `onBinary` gives: one byte a character. */
const raw = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);
/** Reports of the focus and the mouse, which programs ask for. */
// eslint-disable-next-line no-control-regex
const REPORT = /^\u001b\[(?:[IO]$|M|<)/;
/** How long the pane's size must rest before it is sent, in milliseconds. */
const RESIZE_REST = 100;
const LEAST_FONT = 5;
/** Closing code of a server that does not know who this is. */
const UNKNOWN = 4401;

export interface State {
  status: Status;
  mode: Mode;
  title: string;
  exit: Exit | null;
  viewers: Present[];
  lease: Lease;
  notice: string | null;
  lag: number | null;
  skipped: number;
  /** The screen's size, and the size that there is room for. */
  size: { cols: number; rows: number };
  room: { cols: number; rows: number };
  /** What the program wants to be copied, until a person has said yes or no. */
  copies: string | null;
  /** Where a link leads that a person has to look at first. */
  link: string | null;
}

export interface Handle {
  made: RefObject<Made | null>;
  wire: RefObject<Attached | null>;
  state: State;
  change: (change: Partial<State>) => void;
  /** Types text as a person would. */
  type: (text: string) => void;
  /** Keys of the bar that hold for the next letter. */
  sticky: Sticky;
  setSticky: (sticky: Sticky) => void;
}

export interface Hooks {
  /** Whether the page takes this key, and not the program. */
  key: (event: KeyboardEvent) => boolean;
  paste: (text: string) => void;
}

export function useTerminal(place: RefObject<HTMLDivElement | null>, props: TerminalProps, hooks: Hooks): Handle {
  const { session, mode = "write", token } = props;
  const made = useRef<Made | null>(null);
  const wire = useRef<Attached | null>(null);
  const latest = useRef({ props, hooks });
  latest.current = { props, hooks };
  const [sticky, setSticky] = useState<Sticky>({ ctrl: false, alt: false });
  const held = useRef(sticky);
  held.current = sticky;
  const [state, setState] = useState<State>({
    status: { state: "connecting" },
    mode,
    title: session.title,
    exit: null,
    viewers: [],
    lease: { yours: false },
    notice: null,
    lag: null,
    skipped: 0,
    size: { cols: 80, rows: 24 },
    room: { cols: 80, rows: 24 },
    copies: null,
    link: null,
  });
  const change = (part: Partial<State>) => setState((before) => ({ ...before, ...part }));

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const xterm = make(element, {
      copies: (copies) => change({ copies }),
      follows: (uri, hidden) => {
        if (/^https?:/i.test(uri) && !hidden) window.open(uri, "_blank", "noopener,noreferrer");
        else change({ link: uri });
      },
    });
    const { terminal } = xterm;
    made.current = xterm;
    xterm.fit.fit();

    /** A screen that is larger than its place is written smaller; it is never cut, and never made smaller for the others. */
    const letterbox = () => {
      terminal.options.fontSize = preferences.get().fontSize;
      const wish = room(element, xterm);
      if (!wish) return;
      const shrink = Math.min(1, wish.cols / terminal.cols, wish.rows / terminal.rows);
      if (shrink < 1) terminal.options.fontSize = Math.max(LEAST_FONT, Math.floor(preferences.get().fontSize * shrink * 10) / 10);
      change({ size: { cols: terminal.cols, rows: terminal.rows }, room: wish });
    };
    const attached = new Attached(
      session.id,
      { cols: terminal.cols, rows: terminal.rows, mode },
      {
        snapshot(cols, rows, bytes, drawn) {
          terminal.reset();
          terminal.resize(cols, rows);
          letterbox();
          terminal.write(bytes, drawn);
        },
        output: (bytes, drawn) => terminal.write(bytes, drawn),
        resized(cols, rows) {
          if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows);
          letterbox();
        },
        exit(exit) {
          change({ exit });
          latest.current.props.onExit?.(exit);
        },
        presence: (viewers) => change({ viewers }),
        lease: (lease) => change({ lease }),
        notice: (notice) => change({ notice }),
        status(status) {
          if (status.state === "live" && latest.current.props.lease) attached.wish("take_lease");
          // Who is cut off holds nothing any more; whoever does is told anew.
          change(status.state === "live" || status.state === "ended" ? { status } : { status, lease: { yours: false } });
          if (status.state !== "refused") return;
          latest.current.props.onRefused?.(status.reason);
          if (status.code === UNKNOWN && token === undefined) void recognise().catch(() => null);
        },
        mode: (mode) => change({ mode }),
        lag: (lag) => change({ lag }),
        skipped: (bytes) => setState((before) => ({ ...before, skipped: before.skipped + bytes })),
      },
      {
        open: (id) => new WebSocket(socketUrl(`/sessions/${encodeURIComponent(id)}/attach`), TERM_PROTOCOL),
        token: () => token,
        random: Math.random,
      },
    );
    wire.current = attached;

    const parts = [
      terminal.onData((text) => {
        // What the mouse and the focus say is no typing that has to be refused.
        if (attached.watches && REPORT.test(text)) return;
        const { ctrl, alt } = held.current;
        if (ctrl || alt) setSticky({ ctrl: false, alt: false });
        attached.type(utf8.encode(ctrl || alt ? modified(text, held.current) : text));
      }),
      terminal.onBinary((text) => void (attached.watches || attached.type(raw(text)))),
      terminal.onTitleChange((title) => {
        change({ title: title.slice(0, 256) });
        latest.current.props.onTitle?.(title.slice(0, 256));
      }),
      terminal.onSelectionChange(() => {
        if (preferences.get().copyOnSelect && terminal.hasSelection()) void navigator.clipboard?.writeText(terminal.getSelection()).catch(() => null);
      }),
    ];
    terminal.attachCustomKeyEventHandler((event) => !latest.current.hooks.key(event));

    const pasted = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      event.preventDefault();
      event.stopPropagation();
      if (text) latest.current.hooks.paste(text);
    };
    const focused = () => latest.current.props.onFocus?.();
    const zoomed = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      prefer({ fontSize: clampFont(preferences.get().fontSize + (event.deltaY < 0 ? 1 : -1)) });
    };
    element.addEventListener("paste", pasted, true);
    element.addEventListener("focusin", focused);
    element.addEventListener("wheel", zoomed, { passive: false });

    let rest: number | undefined;
    const resized = () => {
      window.clearTimeout(rest);
      rest = window.setTimeout(() => {
        terminal.options.fontSize = preferences.get().fontSize;
        const wish = room(element, xterm);
        if (wish) attached.resize(wish.cols, wish.rows);
        letterbox();
      }, RESIZE_REST);
    };
    const observer = new ResizeObserver(resized);
    observer.observe(element);
    const unwatch = [
      preferences.watch(() => {
        terminal.options.screenReaderMode = preferences.get().screenReader;
        resized();
      }),
      shownTheme.watch(() => {
        // The style sheet's new values hold with the next frame.
        requestAnimationFrame(() => (terminal.options.theme = colors()));
      }),
    ];
    if (latest.current.props.autoFocus ?? true) terminal.focus();
    return () => {
      window.clearTimeout(rest);
      observer.disconnect();
      element.removeEventListener("paste", pasted, true);
      element.removeEventListener("focusin", focused);
      element.removeEventListener("wheel", zoomed);
      for (const stop of unwatch) stop();
      for (const part of parts) part.dispose();
      attached.detach();
      xterm.dispose();
      made.current = null;
      wire.current = null;
    };
    // The session is the component's key: it never changes here.
  }, [session.id, mode, token]);

  return { made, wire, state, change, type: (text) => wire.current?.type(utf8.encode(text)), sticky, setSticky };
}
