/** The whole page: sign in, then the containers and one terminal. */
import { useQueryClient } from "@tanstack/react-query";
import { Suspense, lazy, useEffect, useMemo, useState } from "react";
import { type Session, connect } from "./api";
import { Containers } from "./containers";
import { listen } from "./events";
import { Login } from "./login";

/** Most of the page's weight; fetched when the first terminal is opened. */
const TerminalView = lazy(() => import("./terminal").then((module) => ({ default: module.TerminalView })));

/** The token lives as long as the browser's tab. */
const KEPT = "cto.token";

export function App() {
  const [token, setToken] = useState(() => sessionStorage.getItem(KEPT));
  const signIn = (token: string) => {
    sessionStorage.setItem(KEPT, token);
    setToken(token);
  };
  const signOut = () => {
    sessionStorage.removeItem(KEPT);
    setToken(null);
  };
  return token === null ? <Login onToken={signIn} /> : <Home token={token} onSignOut={signOut} />;
}

function Home({ token, onSignOut }: { token: string; onSignOut: () => void }) {
  const api = useMemo(() => connect(token), [token]);
  const queries = useQueryClient();
  const [online, setOnline] = useState(true);
  const [open, setOpen] = useState<Session | null>(null);

  useEffect(
    () =>
      listen(
        token,
        (type) => {
          if (type === "resync" || type.startsWith("container")) void queries.invalidateQueries({ queryKey: ["containers"] });
        },
        setOnline,
      ),
    [token, queries],
  );

  return (
    <div className="page">
      <header>
        <h1>cto</h1>
        <span className={online ? "ok" : "bad"} role="status">
          {online ? "● connected" : "▲ server lost, trying again"}
        </span>
        <button type="button" className="quiet" onClick={onSignOut}>
          Sign out
        </button>
      </header>
      <div className={open ? "work with-terminal" : "work"}>
        <Containers api={api} selected={open?.container ?? null} onOpen={setOpen} />
        {open ? (
          <Suspense fallback={<p className="hint">Opening…</p>}>
            <TerminalView key={open.id} session={open} token={token} onClose={() => setOpen(null)} />
          </Suspense>
        ) : (
          <p className="hint">Open a container to see its terminal here. Closing the page ends nothing.</p>
        )}
      </div>
    </div>
  );
}
