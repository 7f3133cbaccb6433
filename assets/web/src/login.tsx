/** Asks for a token and tries it before it is kept. */
import { type FormEvent, useState } from "react";
import { ApiError, connect, data } from "./api";

export function Login({ onToken }: { onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  const [complaint, setComplaint] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setComplaint(null);
    try {
      await data(connect(token.trim()).GET("/api/v1/me"));
      onToken(token.trim());
    } catch (error) {
      setComplaint(error instanceof ApiError && error.problem.status === 401 ? "This token is not known, or has ended." : String(error instanceof Error ? error.message : error));
      setBusy(false);
    }
  };

  return (
    <main className="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1>cto</h1>
        <label htmlFor="token">Token</label>
        <input id="token" type="password" autoComplete="current-password" autoFocus required value={token} onChange={(event) => setToken(event.target.value)} />
        <button type="submit" disabled={busy || token.trim() === ""}>
          Sign in
        </button>
        <p className="bad" role="alert">
          {complaint}
        </p>
        <p className="hint">
          Make one on the server's machine: <code>cto token create</code>
        </p>
      </form>
    </main>
  );
}
