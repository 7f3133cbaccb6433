/** Live logs for components: of one container, or of several together. */
import { useEffect, useRef, useState } from "react";
import { stream } from "./live";
import { Cutter, LogBuffer, Rates, Resume } from "./log-lines";
import type { Problem } from "./problem";

/** How long news are gathered before they are drawn, in milliseconds. */
const BATCH = 80;

export interface Logs {
  buffer: LogBuffer;
  rates: Rates;
  /** Changes with each drawing. */
  version: number;
  /** Why a container's log could not be read, by its id. */
  problems: Map<string, Problem>;
  /** All logs have begun, or could not. */
  begun: boolean;
  clear: () => void;
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Follows the logs of these containers from their last `tail` lines on. `again` changes to begin anew. */
export function useLogs(containers: string[], tail: number, again: unknown = 0): Logs {
  const [buffer] = useState(() => new LogBuffer());
  const [rates] = useState(() => new Rates());
  const [problems, setProblems] = useState(() => new Map<string, Problem>());
  const [version, setVersion] = useState(0);
  const [begun, setBegun] = useState(false);
  const timer = useRef<number | undefined>(undefined);
  const draw = useRef(() => {
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      setVersion((before) => before + 1);
    }, BATCH);
  });
  useEffect(() => {
    const calming = window.setInterval(() => {
      if (!buffer.burst) return;
      buffer.calm(Date.now());
      draw.current();
    }, 1_000);
    return () => {
      window.clearInterval(calming);
      window.clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [buffer]);

  const wanted = containers.join(" ");
  useEffect(() => {
    const ids = wanted === "" ? [] : wanted.split(" ");
    buffer.clear();
    rates.clear();
    setProblems(new Map());
    setBegun(ids.length === 0);
    draw.current();
    const start = () => {
      setBegun(true);
      draw.current();
    };
    // A container that has printed nothing has begun too.
    const quiet = window.setTimeout(start, 1_000);
    const ends = ids.map((container) => {
      let cutter = new Cutter();
      const resume = new Resume();
      /** Lines that are still of the past. */
      let past = tail;
      const take = (cuts: ReturnType<Cutter["take"]>) => {
        const fresh = resume.fresh(cuts);
        if (resume.gap === true && fresh.length > 0) {
          buffer.note(container, "the connection was cut; lines are missing here", fresh[0]?.at ?? Date.now());
          resume.gap = false;
        }
        const old = fresh.slice(0, past);
        past -= old.length;
        buffer.add(container, old, Date.now(), true);
        buffer.add(container, fresh.slice(old.length), Date.now());
        for (const cut of fresh) rates.add(cut.at || Date.now());
        start();
      };
      return stream.subscribe(
        { topic: "logs", container, query: { tail, follow: true, timestamps: true } },
        {
          message: (message) => message.type === "log" && take(cutter.take(message.source, bytesOf(message.base64))),
          missed: () => {
            cutter = new Cutter();
            resume.again();
            past = tail;
          },
          ended: (problem) => {
            take(cutter.end());
            if (problem) setProblems((before) => new Map(before).set(container, problem));
            else buffer.note(container, "the container has ended, and its log with it", Date.now());
            start();
          },
        },
      );
    });
    return () => {
      window.clearTimeout(quiet);
      for (const end of ends) end();
    };
  }, [wanted, tail, again, buffer, rates]);

  const clear = useRef(() => {
    buffer.clear();
    draw.current();
  });
  return { buffer, rates, version, problems, begun, clear: clear.current };
}
