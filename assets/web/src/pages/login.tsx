/** Signing in: by name and password, or by token. Leads back to where one was. */
import { Navigate, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { auth, setupNeeded, signIn } from "../lib/auth";
import { oneOf, text, useAddress } from "../lib/search";
import { useStore } from "../lib/store";
import { ApiError } from "../lib/problem";
import { Button } from "../ui/button";
import { Choice, Field, Input, Secret } from "../ui/field";
import { Problem } from "../ui/problem";
import { Time } from "../ui/time";

const ADDRESS = { to: text("/"), by: oneOf("password", "token") };

/** Only places of this page: an address that somebody else wrote leads nowhere else. */
const local = (to: string) => (/^\/(?![/\\])/.test(to) ? to : "/");

export default function Login() {
  const state = useStore(auth);
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [token, setToken] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [until, setUntil] = useState<number | null>(null);
  useEffect(() => {
    document.title = "Sign in · cto";
    void setupNeeded().then((needed) => needed && void navigate({ to: "/setup" as never, replace: true }));
  }, [navigate]);
  if (state.state === "in") return <Navigate to={local(address.to) as never} replace />;

  const byToken = address.by === "token";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    setUntil(null);
    try {
      await signIn(byToken ? { token: token.trim() } : { name: name.trim(), password });
    } catch (problem) {
      setError(problem);
      setPassword("");
      if (problem instanceof ApiError && problem.retryAfter !== undefined) setUntil(Date.now() + problem.retryAfter * 1000);
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
        {state.state === "out" && state.ended && (
          <p className="banner warn" role="status">
            You were signed out. Sign in to go on where you were.
          </p>
        )}
        <Choice
          label="How to sign in"
          value={address.by}
          onChange={(by) => {
            setError(null);
            setAddress({ by });
          }}
          options={[
            { value: "password", label: "Password" },
            { value: "token", label: "Token" },
          ]}
        />
        {byToken ? (
          <Field key="token" label="Token" help={<>Made on the server's machine: <code>cto token create</code></>}>
            {(attributes) => <Secret {...attributes} autoFocus autoComplete="current-password" value={token} onChange={setToken} />}
          </Field>
        ) : (
          <>
            <Field key="name" label="Name">
              {(attributes) => <Input {...attributes} autoFocus autoComplete="username" autoCapitalize="off" value={name} onChange={setName} />}
            </Field>
            <Field key="password" label="Password">
              {(attributes) => <Secret {...attributes} autoComplete="current-password" value={password} onChange={setPassword} />}
            </Field>
          </>
        )}
        <Button type="submit" kind="primary" busy={busy} off={byToken ? token.trim() === "" : name.trim() === "" || password === ""}>
          Sign in
        </Button>
        {error !== null && <Problem error={error} small />}
        {until !== null && (
          <p className="muted">
            Again <Time at={until} />.
          </p>
        )}
      </form>
    </main>
  );
}
