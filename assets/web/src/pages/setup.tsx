/** The first visit: the first admin, with the code that the server printed. */
import { Navigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { auth, setUp, setupNeeded } from "../lib/auth";
import { problemOf } from "../lib/problem";
import { placesAt } from "../lib/schema";
import { useStore } from "../lib/store";
import { Button } from "../ui/button";
import { Field, Input, Secret } from "../ui/field";
import { Skeleton } from "../ui/page";
import { Problem } from "../ui/problem";

export default function Setup() {
  const state = useStore(auth);
  const [needed, setNeeded] = useState<boolean | null>(null);
  const [code, setCode] = useState("");
  const [name, setName] = useState("admin");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Set up · cto";
    void setupNeeded().then(setNeeded);
  }, []);
  if (state.state === "in") return <Navigate to="/" replace />;
  if (needed === false) return <Navigate to={"/login" as never} replace />;
  if (needed === null) return <Skeleton />;

  const other = again !== "" && again !== password ? "is not the same" : undefined;
  const places = error === null ? [] : (problemOf(error).errors ?? []);
  const wrong = (pointer: string) => placesAt(places, pointer)[0]?.detail;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await setUp({ code: code.trim(), name: name.trim(), password });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="bare-page">
      <form className="card form" onSubmit={(event) => void submit(event)}>
        <h1 className="brand-large">
          <span aria-hidden="true">▚</span> cto
        </h1>
        <p>This server has no accounts yet. Make the first one: it may do everything.</p>
        <Field label="One-time code" help="The server has printed it, on its terminal and in its log." error={wrong("/code")}>
          {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={code} onChange={setCode} />}
        </Field>
        <Field label="Name" error={wrong("/name")}>
          {(attributes) => <Input {...attributes} autoComplete="username" autoCapitalize="off" value={name} onChange={setName} />}
        </Field>
        <Field label="Password" error={wrong("/password")}>
          {(attributes) => <Secret {...attributes} autoComplete="new-password" value={password} onChange={setPassword} />}
        </Field>
        <Field label="Password again" error={other}>
          {(attributes) => <Secret {...attributes} autoComplete="new-password" value={again} onChange={setAgain} />}
        </Field>
        <Button type="submit" kind="primary" busy={busy} off={code.trim() === "" || name.trim() === "" || password === "" || again !== password}>
          Make the account
        </Button>
        {error !== null && <Problem error={error} small />}
      </form>
    </main>
  );
}
