/** Draws a recording on a terminal of its own: it answers nothing, and takes nothing. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { api, data } from "../../lib/api";
import { type Cast, advance, after, parseCast } from "../../lib/cast";
import { preferences, shownTheme } from "../../lib/preferences";
import { type Made, colors, make, room } from "../../ui/terminal/xterm";

/** Bytes of output that are drawn again for a seek; what lies further is asked of the server as one picture. */
const NEAR = 1_000_000;
const LEAST_FONT = 5;

export interface Player {
  made: RefObject<Made | null>;
  time: number;
  playing: boolean;
  play: (on: boolean) => void;
  seek: (to: number) => void;
  /** The next event of a paused one. */
  next: () => void;
}

export function usePlayer(place: RefObject<HTMLDivElement | null>, id: string, cast: Cast, { speed, idle, start, onLink }: { speed: number; idle: number; start: number; onLink: (uri: string) => void }): Player {
  const made = useRef<Made | null>(null);
  const [time, setTime] = useState(start);
  const [playing, setPlaying] = useState(false);
  const now = useRef({ time: 0, next: 0, playing: false });
  const wish = useRef({ speed, idle, onLink });
  wish.current = { speed, idle, onLink };
  const seeking = useRef(0);

  /** Draws all events up to a time that are not drawn yet. */
  const draw = useCallback(
    (to: number) => {
      const terminal = made.current?.terminal;
      if (!terminal) return;
      const end = after(cast.events, to);
      for (; now.current.next < end; now.current.next += 1) {
        const event = cast.events[now.current.next];
        if (!event) break;
        if (event.kind === "output") {
          if (event.redraws) terminal.reset();
          terminal.write(event.bytes ?? event.text);
        } else if (event.kind === "resize") {
          resize(terminal, event.text);
        }
      }
      now.current.time = to;
      setTime(to);
    },
    [cast],
  );
  const seek = useCallback(
    (wanted: number) => {
      const terminal = made.current?.terminal;
      if (!terminal) return;
      const to = Math.max(0, Math.min(cast.duration, wanted));
      seeking.current += 1;
      const mine = seeking.current;
      const end = after(cast.events, to);
      if (end >= now.current.next && size(cast, now.current.next, end) <= NEAR) return draw(to);
      const begin = () => {
        terminal.reset();
        terminal.resize(cast.cols, cast.rows);
        now.current.next = 0;
      };
      if (size(cast, 0, end) <= NEAR) {
        begin();
        return draw(to);
      }
      setTime(to);
      void redrawing(id, to).then(
        (picture) => {
          if (mine !== seeking.current) return;
          begin();
          terminal.resize(picture.cols, picture.rows);
          terminal.write(picture.text);
          now.current.next = end;
          draw(to);
        },
        // The server has no picture: all of it is drawn.
        () => {
          if (mine !== seeking.current) return;
          begin();
          draw(to);
        },
      );
    },
    [cast, draw, id],
  );
  const play = useCallback(
    (on: boolean) => {
      if (on && now.current.time >= cast.duration) seek(0);
      now.current.playing = on;
      setPlaying(on);
    },
    [cast, seek],
  );
  const next = useCallback(() => {
    const event = cast.events.slice(now.current.next).find((one) => one.kind === "output");
    if (event) draw(event.at);
  }, [cast, draw]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const xterm = make(element, { copies: () => {}, follows: (uri) => wish.current.onLink(uri) });
    const { terminal } = xterm;
    made.current = xterm;
    terminal.options.disableStdin = true;
    terminal.resize(cast.cols, cast.rows);
    now.current = { time: 0, next: 0, playing: false };
    // All of it is seen: what is larger than its place is written smaller.
    const fit = () => {
      terminal.options.fontSize = preferences.get().fontSize;
      const there = room(element, xterm);
      if (!there) return;
      const shrink = Math.min(1, there.cols / terminal.cols, there.rows / terminal.rows);
      if (shrink < 1) terminal.options.fontSize = Math.max(LEAST_FONT, Math.floor(preferences.get().fontSize * shrink * 10) / 10);
    };
    fit();
    const resized = terminal.onResize(fit);
    // Keys are the player's.
    terminal.attachCustomKeyEventHandler(() => false);
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    const unwatch = [preferences.watch(fit), shownTheme.watch(() => requestAnimationFrame(() => (terminal.options.theme = colors())))];
    seek(start);
    let last = performance.now();
    let frame = requestAnimationFrame(function tick(at) {
      const by = Math.min(250, at - last);
      last = at;
      if (now.current.playing) {
        draw(advance(cast, now.current.time, by * wish.current.speed, wish.current.idle));
        if (now.current.time >= cast.duration) {
          now.current.playing = false;
          setPlaying(false);
        }
      }
      frame = requestAnimationFrame(tick);
    });
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      resized.dispose();
      for (const stop of unwatch) stop();
      xterm.dispose();
      made.current = null;
    };
    // Where it starts holds for the beginning alone.
  }, [cast, draw, seek]);

  return { made, time, playing, play, seek, next };
}

function resize(terminal: Made["terminal"], text: string): void {
  const [cols, rows] = text.split("x").map(Number);
  if (cols && rows && cols >= 2 && cols <= 1_000 && rows >= 1 && rows <= 1_000) terminal.resize(cols, rows);
}

function size(cast: Cast, from: number, to: number): number {
  let bytes = 0;
  for (let at = from; at < to && bytes <= NEAR; at += 1) bytes += cast.events[at]?.text.length ?? 0;
  return bytes;
}

/** What redraws the screen as it was then: the first lines of the recording from there on. */
async function redrawing(id: string, time: number): Promise<{ cols: number; rows: number; text: string }> {
  const stop = new AbortController();
  const body = await data(api.GET("/api/v1/recordings/{id}/cast", { params: { path: { id }, query: { from: Math.floor(time) } }, parseAs: "stream", signal: stop.signal }));
  const reader = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let said = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      said += value ?? "";
      const whole = said.slice(0, said.lastIndexOf("\n") + 1);
      const first = whole.split("\n").findIndex((line) => line.startsWith("["));
      if (first >= 0 || done) {
        const cast = parseCast(whole.split("\n").slice(0, first + 1).join("\n"));
        return { cols: cast.cols, rows: cast.rows, text: cast.events[0]?.text ?? "" };
      }
    }
  } finally {
    stop.abort();
  }
}
