/** Asks for a name; stays open while it is done, and shows what is wrong. */
import { type FormEvent, useState } from "react";
import { problemOf } from "../../../lib/problem";
import { Button } from "../../../ui/button";
import { Dialog } from "../../../ui/dialog";
import { Field, Input } from "../../../ui/field";

export interface AskNameProps {
  title: string;
  verb: string;
  help?: string;
  usual: string;
  /** A path is a name too. */
  path?: boolean;
  onClose: () => void;
  onName: (name: string) => Promise<void>;
}

export function AskName({ title, verb, help, usual, path = false, onClose, onName }: AskNameProps) {
  const [name, setName] = useState(usual);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const wrong = name === "" || name === usual || name === "." || name === ".." || (!path && name.includes("/"));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (wrong || busy) return;
    setBusy(true);
    try {
      await onName(name);
      onClose();
    } catch (problem) {
      setError(problemOf(problem).detail);
      setBusy(false);
    }
  };
  return (
    <Dialog open onClose={onClose} title={title}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <Field label="Name" help={help} error={error ?? (!path && name.includes("/") ? "has no slash" : undefined)}>
          {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={name} onChange={setName} />}
        </Field>
        <div className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" off={wrong} busy={busy}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
