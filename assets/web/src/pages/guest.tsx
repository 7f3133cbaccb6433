/** A shared session, for guests: a name, the terminal, and how long it is there. Nothing else of the server is seen. */
import { useMutation } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import { type Schemas, api, data } from "../lib/api";
import { duration } from "../lib/format";
import { type Came, forgetGuest, guestOf, keepGuest } from "../lib/guest";
import { ApiError } from "../lib/problem";
import { Button } from "../ui/button";
import { Field, Input } from "../ui/field";
import { Empty, Skeleton } from "../ui/page";
import { Problem } from "../ui/problem";
import { Terminal } from "../ui/terminal";
import { useNow } from "../ui/time";

type Opened = Schemas["OpenedShare"];
const LONGEST = 40;
/** From here on the end is near, in milliseconds. */
const SOON = 5 * 60_000;

export default function Guest() {
  const { code = "" } = useParams({ strict: false }) as { code?: string };
  const [name, setName] = useState("");
  const [ended, setEnded] = useState<string | null>(null);
  /** Who came in before, until it is known whether they still may. */
  const [before, setBefore] = useState(() => guestOf(code));
  const open = useMutation({
    mutationFn: ({ name, token }: Pick<Came, "name"> & Partial<Came>) => data(api.POST("/api/v1/shares/open", { body: { code, name, ...(token === undefined ? {} : { guest: token }) } })),
    onSuccess: (opened) => keepGuest(code, opened),
    onError: (error) => {
      // Nobody answers, or too many ask: the way back stays.
      if (!(error instanceof ApiError && error.status === 404)) return;
      forgetGuest();
      setBefore(undefined);
    },
  });
  const end = useCallback((why: string) => {
    forgetGuest();
    setEnded(why);
  }, []);
  const { mutate } = open;
  useEffect(() => {
    document.title = "Shared terminal · cto";
  }, []);
  useEffect(() => {
    if (before) mutate(before);
  }, [before, mutate]);
  const shared = open.data;
  if (ended !== null) return <Over>{ended}</Over>;
  if (shared) return <Shared shared={shared} onEnd={end} />;
  if (before) {
    return (
      <main className="bare-page">{open.error ? <Problem error={open.error} title="You could not be let in again" onRetry={() => mutate(before)} /> : <Skeleton lines={6} label="Coming back" />}</main>
    );
  }
  if (open.error instanceof ApiError && open.error.status === 404) return <Over>This link lets nobody in: it has ended, was taken back, or was used as often as it may be.</Over>;
  const wrong = name.trim().length > LONGEST ? `at most ${LONGEST} letters` : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && !wrong && !open.isPending) open.mutate({ name: name.trim() });
  };
  return (
    <main className="bare-page">
      <form className="card form" onSubmit={submit}>
        <h1 className="brand-large">
          <span aria-hidden="true">▚</span> cto
        </h1>
        <p>Somebody shares a terminal with you.</p>
        <Field label="Your name" help="Whoever else is there sees it." error={wrong}>
          {(attributes) => <Input {...attributes} autoFocus autoComplete="nickname" value={name} onChange={setName} />}
        </Field>
        <Button type="submit" kind="primary" busy={open.isPending} off={name.trim() === "" || wrong !== undefined}>
          Come in
        </Button>
        {open.error && <Problem error={open.error} small />}
      </form>
    </main>
  );
}

function Shared({ shared, onEnd }: { shared: Opened; onEnd: (why: string) => void }) {
  const now = useNow();
  const left = Date.parse(shared.expires_at) - now;
  const over = left <= 0;
  useEffect(() => {
    if (over) onEnd("This share has ended. Thank you for your visit.");
  }, [over, onEnd]);
  return (
    <main className="guest">
      <header className="guest-bar">
        <h1 className="mono cut">{shared.title || "Terminal"}</h1>
        <span className="muted cut wide-only">shared by {shared.owner}</span>
        <span className="spring" />
        <span className={left < SOON ? "tone-warn" : "muted"} role="timer">
          {left < SOON && <span aria-hidden="true">▲ </span>}ends in {duration(left)}
        </span>
      </header>
      <Terminal
        session={{ id: shared.session, container_name: shared.title || "a guest", title: shared.title }}
        mode={shared.mode}
        token={shared.token}
        onRefused={() => onEnd("Whoever shared this terminal has taken it back, or its time is over. Thank you for your visit.")}
      />
    </main>
  );
}

function Over({ children }: { children: string }) {
  return (
    <main className="bare-page">
      <Empty title="This share has ended" icon={<span className="brand-large" aria-hidden="true">▚</span>}>
        {children}
      </Empty>
    </main>
  );
}
