/** One terminal: xterm.js on `cto.term.v1`. */
import { FitAddon } from "@xterm/addon-fit";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import type { Session } from "./api";
import { Attached, type Status } from "./attach";
import type { Exit, Viewer } from "./frames";
import { terminalColors } from "./theme";

const utf8 = new TextEncoder();

/** What `onBinary` gives: one byte a character. */
const raw = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);

/** How long the pane's size must rest before it is sent, in milliseconds. */
const RESIZE_REST = 100;

export function TerminalView({ session, token, onClose }: { session: Session; token: string; onClose: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const attached = useRef<Attached | null>(null);
  const [status, setStatus] = useState<Status>({ state: "connecting" });
  const [title, setTitle] = useState(session.title);
  const [exit, setExit] = useState<Exit | null>(null);
  const [viewers, setViewers] = useState<Viewer[]>([]);
  const [notice, setNotice] = useState<string | null>(null);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const terminal = new Terminal({
      allowProposedApi: true,
      scrollback: 10_000,
      fontFamily: "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
      fontSize: 14,
      minimumContrastRatio: 4.5,
      theme: terminalColors(),
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.loadAddon(new UnicodeGraphemesAddon());
    terminal.loadAddon(new WebLinksAddon());
    terminal.open(element);
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      terminal.loadAddon(webgl);
    } catch {
      // No WebGL here: xterm.js draws with the DOM instead.
    }
    // The server's own screen answers queries; a second answer from here would be typed into the program.
    for (const final of ["c", "n"]) {
      terminal.parser.registerCsiHandler({ final }, () => true);
      terminal.parser.registerCsiHandler({ prefix: "?", final }, () => true);
      terminal.parser.registerCsiHandler({ prefix: ">", final }, () => true);
    }
    terminal.parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, () => true);
    fit.fit();

    const wire = new Attached(session.id, token, { cols: terminal.cols, rows: terminal.rows }, {
      snapshot(cols, rows, bytes, drawn) {
        terminal.reset();
        terminal.resize(cols, rows);
        terminal.write(bytes, drawn);
      },
      output: (bytes, drawn) => terminal.write(bytes, drawn),
      resized(cols, rows) {
        if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows);
      },
      exit: setExit,
      presence: setViewers,
      notice: setNotice,
      status: setStatus,
    });
    attached.current = wire;
    const typed = terminal.onData((text) => wire.type(utf8.encode(text)));
    const typedRaw = terminal.onBinary((text) => wire.type(raw(text)));
    const titled = terminal.onTitleChange((title) => setTitle(title.slice(0, 256)));

    let rest: number | undefined;
    const observer = new ResizeObserver(() => {
      window.clearTimeout(rest);
      rest = window.setTimeout(() => {
        // A hidden element has no size: fitting to it would make the program redraw at 2 columns.
        const wish = element.offsetWidth > 0 ? fit.proposeDimensions() : undefined;
        if (wish && wish.cols >= 2 && wish.rows >= 2) wire.resize(wish.cols, wish.rows);
      }, RESIZE_REST);
    });
    observer.observe(element);
    terminal.focus();
    return () => {
      window.clearTimeout(rest);
      observer.disconnect();
      for (const part of [typed, typedRaw, titled]) part.dispose();
      wire.detach();
      terminal.dispose();
    };
  }, [session.id, token]);

  return (
    <section aria-label={`Terminal of ${session.container_name}`} className="terminal">
      <div className="bar">
        <strong>{session.container_name}</strong>
        <span className="muted">{title}</span>
        {viewers.length > 1 && <span className="muted">{viewers.length} viewers</span>}
        <button type="button" className="quiet" onClick={onClose}>
          Detach
        </button>
      </div>
      <Banner status={status} exit={exit} notice={notice} onRetry={() => attached.current?.retry()} />
      <div ref={place} className="screen" data-state={status.state} />
    </section>
  );
}

function Banner({ status, exit, notice, onRetry }: { status: Status; exit: Exit | null; notice: string | null; onRetry: () => void }) {
  if (exit) {
    const code = exit.code === undefined ? "" : ` with ${exit.code}`;
    const why = { exited: `ended${code}`, closed: "was closed", stopped: "ended: its container stopped", oom_killed: "ended: out of memory", lost: "was lost with the server" }[exit.reason];
    return (
      <p className="banner" role="status">
        The program {why}. Its last screen stays.
      </p>
    );
  }
  if (status.state === "lost") {
    return (
      <p className="banner warn" role="status">
        ▲ Connection lost; try {status.attempt} soon. The program goes on.{" "}
        <button type="button" className="quiet" onClick={onRetry}>
          Try now
        </button>
      </p>
    );
  }
  if (status.state === "refused") {
    return (
      <p className="banner bad" role="alert">
        {status.reason}
      </p>
    );
  }
  return notice ? (
    <p className="banner" role="status">
      {notice}
    </p>
  ) : null;
}
