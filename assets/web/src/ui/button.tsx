/** Buttons; one that may not be pressed says why, and can still be reached by keyboard. */
import { type ButtonHTMLAttributes, type ReactNode, type Ref, useState } from "react";
import type { Action } from "../lib/auth";
import { useCan } from "../lib/permissions";
import { Tip } from "./tip";

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> {
  /** `primary`: the one main thing to do. `danger`: something is lost by it. `quiet`: no border. */
  kind?: "normal" | "primary" | "danger" | "quiet";
  icon?: ReactNode;
  /** The right that it needs: greyed, with the reason, for who has it not. */
  needs?: Action | undefined;
  /** Why it can't be pressed now; greyed with this reason. `true` where it is plain to see. */
  off?: string | boolean | undefined;
  /** Something is under way: shown, and not pressed twice. */
  busy?: boolean | undefined;
  /** Says what it does, where `children` is only an icon; also its tooltip. */
  label?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "normal", icon, needs, off, busy = false, label, children, onClick, className, type = "button", ...rest }: ButtonProps) {
  const can = useCan();
  const right = needs ? can(needs) : { ok: true };
  const reason = right.ok ? (typeof off === "string" ? off : undefined) : right.reason;
  const dead = !right.ok || Boolean(off) || busy;
  const bare = children === undefined || children === null;
  const button = (
    <button
      {...rest}
      type={type}
      className={["button", kind, bare ? "bare" : "", className ?? ""].filter(Boolean).join(" ")}
      aria-label={label}
      // The browser's own: one of ours would take the Escape that is meant for the window around it.
      title={bare && !reason ? label : undefined}
      aria-disabled={dead || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (dead) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon}
      {!bare && <span className="button-text">{children}</span>}
    </button>
  );
  return reason ? <Tip text={reason}>{button}</Tip> : button;
}

/** Copies a text and says that it did. */
export function CopyButton({ text, label = "Copy", children }: { text: string | (() => string); label?: string; children?: ReactNode }) {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setSaid("Copied");
    } catch {
      setSaid("The browser does not let this page copy");
    }
    window.setTimeout(() => setSaid(null), 1_500);
  };
  return (
    <Button kind="quiet" label={said ?? label} onClick={() => void copy()}>
      {said ?? children ?? label}
    </Button>
  );
}
