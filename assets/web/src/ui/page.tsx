/** The frame of a page: its title, what can be done there, and its states. */
import { type ReactNode, useEffect, useState } from "react";

export interface PageHeaderProps {
  title: ReactNode;
  /** For the window's title, where `title` is no text. */
  name?: string;
  /** Beside the title: a state, a count. */
  beside?: ReactNode;
  /** Below the title, one line. */
  about?: ReactNode;
  /** Buttons, at the right. They keep their places. */
  actions?: ReactNode;
}

export function PageHeader({ title, name, beside, about, actions }: PageHeaderProps) {
  const said = name ?? (typeof title === "string" ? title : undefined);
  useEffect(() => {
    if (said) document.title = `${said} · cto`;
  }, [said]);
  return (
    <header className="page-header">
      <div className="page-title">
        <h1>{title}</h1>
        {beside}
        {about && <p className="about">{about}</p>}
      </div>
      {actions && <div className="page-actions">{actions}</div>}
    </header>
  );
}

/** A part of a page with a heading. */
export function Section({ title, actions, children, className }: { title: ReactNode; actions?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={["section", className ?? ""].join(" ")}>
      <div className="section-head">
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** Nothing there yet: what it is, and the one thing to do. */
export function Empty({ title, children, action, icon }: { title: ReactNode; children?: ReactNode; action?: ReactNode; icon?: ReactNode }) {
  return (
    <div className="empty">
      {icon}
      <p className="empty-title">{title}</p>
      {children && <p className="muted">{children}</p>}
      {action}
    </div>
  );
}

/** Names and values. */
export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? <span className="muted">–</span>}</dd>
        </div>
      ))}
    </dl>
  );
}

/** How long nothing is shown before it is said that something loads, in milliseconds. */
const QUIET = 200;

/** True once `on` has held for a fifth of a second: what is fast does not flicker. */
export function useSlow(on: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!on) {
      setSlow(false);
      return;
    }
    const timer = window.setTimeout(() => setSlow(true), QUIET);
    return () => window.clearTimeout(timer);
  }, [on]);
  return on && slow;
}

/** Grey lines in the place of what is coming; only after 200 ms. */
export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  const slow = useSlow(true);
  return (
    <div className="skeleton" role="status" aria-label={slow ? label : undefined}>
      {slow && Array.from({ length: lines }, (_, line) => <div key={line} className="skeleton-line" data-width={(line * 37) % 4} aria-hidden="true" />)}
    </div>
  );
}
