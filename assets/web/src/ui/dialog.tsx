/** Windows over the page. */
import { AlertDialog, Dialog as Radix } from "radix-ui";
import { X } from "lucide-react";
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { Button } from "./button";
import { Problem } from "./problem";

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  /** One line below the title. */
  about?: ReactNode;
  children: ReactNode;
  /** Buttons at the bottom. */
  foot?: ReactNode;
  size?: "normal" | "wide" | "full";
}

/** The keyboard goes back to where it was before the window; windows here have no button of their own that it would go to. */
function useReturn(open: boolean): (event: Event) => void {
  const before = useRef<Element | null>(null);
  const was = useRef(false);
  if (open && !was.current) before.current = document.activeElement;
  was.current = open;
  return (event) => {
    event.preventDefault();
    const target = before.current instanceof HTMLElement && before.current.isConnected && before.current !== document.body ? before.current : document.getElementById("main");
    target?.focus();
  };
}

export function Dialog({ open, onClose, title, about, children, foot, size = "normal" }: DialogProps) {
  const goBack = useReturn(open);
  return (
    <Radix.Root open={open} onOpenChange={(wish) => !wish && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content className={`dialog ${size}`} onCloseAutoFocus={goBack} {...(about ? {} : { "aria-describedby": undefined })}>
          <div className="dialog-head">
            <Radix.Title>{title}</Radix.Title>
            <Radix.Close asChild>
              <Button kind="quiet" label="Close" icon={<X size={16} />} />
            </Radix.Close>
          </div>
          {about && <Radix.Description className="muted dialog-about">{about}</Radix.Description>}
          <div className="dialog-body">{children}</div>
          {foot && <div className="dialog-foot">{foot}</div>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export interface ConfirmProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What will be lost, by name. */
  children?: ReactNode;
  /** What the button says: the verb, never "OK". */
  verb: string;
  danger?: boolean;
  /** Must be typed first, for what can't be undone. */
  typed?: string;
  /** Stays open while it runs; an error is shown there. */
  onConfirm: () => void | Promise<unknown>;
}

/** Asks before something is done. Cancel has the focus. */
export function Confirm({ open, onClose, title, children, verb, danger = false, typed, onConfirm }: ConfirmProps) {
  const goBack = useReturn(open);
  return (
    <AlertDialog.Root open={open} onOpenChange={(wish) => !wish && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog" onCloseAutoFocus={goBack}>
          <Asking {...{ onClose, title, children, verb, danger, typed, onConfirm }} />
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

/** Lives only while it is open, so that it begins anew each time. */
function Asking({ onClose, title, children, verb, danger, typed, onConfirm }: Omit<ConfirmProps, "open" | "typed"> & { typed: string | undefined }) {
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const field = useId();
  const wrong = typed !== undefined && said !== typed;
  const run = async (event: FormEvent) => {
    event.preventDefault();
    if (wrong || busy) return;
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void run(event)}>
      <div className="dialog-head">
        <AlertDialog.Title>{title}</AlertDialog.Title>
      </div>
      <AlertDialog.Description asChild>
        <div className="dialog-body">{children}</div>
      </AlertDialog.Description>
      {typed !== undefined && (
        <div className="field">
          <label htmlFor={field}>
            Type <code>{typed}</code> to go on
          </label>
          <input id={field} className="input mono" autoComplete="off" autoCapitalize="off" spellCheck={false} value={said} onChange={(event) => setSaid(event.target.value)} />
        </div>
      )}
      {error !== null && <Problem error={error} small />}
      <div className="dialog-foot">
        <AlertDialog.Cancel asChild>
          <Button>Cancel</Button>
        </AlertDialog.Cancel>
        <Button type="submit" kind={danger ? "danger" : "primary"} off={wrong} busy={busy}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
