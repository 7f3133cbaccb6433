/** Shares of a session: made, shown once, listed, taken back. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { type Schemas, type Session, api, data } from "../../lib/api";
import { BASE } from "../../lib/base";
import { plural } from "../../lib/format";
import { problemOf } from "../../lib/problem";
import { Badge } from "../../ui/badge";
import { Button, CopyButton } from "../../ui/button";
import { Confirm, Dialog } from "../../ui/dialog";
import { Choice, Field, Input, Select } from "../../ui/field";
import { Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";

type Share = Schemas["Share"];
type Created = Schemas["CreatedShare"];

const SPANS = [
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "an hour" },
  { value: "28800", label: "8 hours" },
  { value: "86400", label: "a day" },
  { value: "604800", label: "a week" },
  { value: "2592000", label: "30 days" },
];

const link = (code: string) => `${window.location.origin}${BASE}/s/${encodeURIComponent(code)}`;

export function Shares({ session, open, onClose }: { session: Session; open: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const params = { path: { id: session.id } };
  const shares = useQuery({ queryKey: ["shares", session.id], queryFn: () => data(api.GET("/api/v1/sessions/{id}/shares", { params })).then((page) => page.items), enabled: open, staleTime: 0 });
  const [mode, setMode] = useState<"view" | "write">("view");
  const [span, setSpan] = useState("3600");
  const [uses, setUses] = useState("");
  const [made, setMade] = useState<Created | null>(null);
  const [revoking, setRevoking] = useState<Share | null>(null);
  const changed = () => queries.invalidateQueries({ queryKey: ["shares", session.id] });
  const wrong = uses !== "" && !/^[1-9]\d{0,5}$/.test(uses.trim()) ? "is a number from 1 on, or nothing" : undefined;
  const create = useMutation({
    mutationFn: () => data(api.POST("/api/v1/sessions/{id}/shares", { params, body: { mode, expires_in_s: Number(span), ...(uses.trim() === "" ? {} : { max_uses: Number(uses) }) } })),
    onSuccess: (created) => {
      setMade(created);
      void changed();
    },
  });
  const { reset } = create;
  useEffect(() => {
    // The code is shown once: also not again when the window is opened anew.
    if (open) return;
    setMade(null);
    reset();
  }, [open, reset]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong && !create.isPending) create.mutate();
  };
  return (
    <>
      <Dialog open={open && revoking === null} onClose={onClose} title={`Share ${session.container_name}`} about="Whoever has the link comes into this session, without an account, and nowhere else.">
        {made ? (
          <div className="form" role="status">
            <p>
              {made.share.mode === "write" ? "Whoever has this link may look and type" : "Whoever has this link may look"} until <Time at={made.share.expires_at} as="date" />. It is shown only now:
            </p>
            <Input readOnly aria-label="Link" className="mono" value={link(made.code)} onChange={() => {}} onFocus={(event) => event.target.select()} autoFocus />
            <div className="dialog-foot">
              <CopyButton text={link(made.code)} label="Copy the link" />
              <Button onClick={() => setMade(null)}>Done</Button>
            </div>
          </div>
        ) : (
          <form className="form" onSubmit={submit}>
            <Field label="Guests may" help={mode === "write" ? "What they type is typed with your rights in this session." : "Nothing that they send reaches the session."}>
              {() => (
                <Choice
                  label="Guests may"
                  value={mode}
                  onChange={setMode}
                  options={[
                    { value: "view", label: "Look" },
                    { value: "write", label: "Look and type" },
                  ]}
                />
              )}
            </Field>
            <Field label="It ends after">{(attributes) => <Select {...attributes} value={span} onChange={setSpan} options={SPANS} />}</Field>
            <Field label="Uses at most" help="As often as one likes where nothing is said." error={wrong}>
              {(attributes) => <Input {...attributes} inputMode="numeric" value={uses} onChange={setUses} />}
            </Field>
            {create.error && <Problem error={create.error} small />}
            <div className="dialog-foot">
              <Button type="submit" kind="primary" busy={create.isPending} off={wrong ? "the uses are not right" : false}>
                Make a link
              </Button>
            </div>
          </form>
        )}
        <h3>Shares now</h3>
        {shares.error ? (
          <Problem error={shares.error} onRetry={() => void shares.refetch()} small />
        ) : !shares.data ? (
          <Skeleton lines={2} />
        ) : shares.data.length === 0 ? (
          <p className="muted">None.</p>
        ) : (
          <ul className="lines share-list">
            {shares.data.map((share) => (
              <li key={share.id}>
                <Badge tone={share.mode === "write" ? "warn" : "muted"}>{share.mode === "write" ? "look and type" : "look"}</Badge>
                <span className="cut">
                  ends <Time at={share.expires_at} /> · {share.max_uses ? `${share.uses} of ${plural(share.max_uses, "use")}` : `used ${share.uses}×`} · by {share.owner}
                </span>
                <span className="spring" />
                <Button kind="quiet" onClick={() => setRevoking(share)}>
                  Revoke
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Dialog>
      <Confirm
        open={revoking !== null}
        onClose={() => setRevoking(null)}
        title="Revoke this share?"
        verb="Revoke"
        danger
        onConfirm={async () => {
          try {
            await data(api.DELETE("/api/v1/shares/{id}", { params: { path: { id: revoking?.id ?? "" } } }));
          } catch (error) {
            // It ended by itself meanwhile.
            if (problemOf(error).status !== 404) throw error;
          }
          await changed();
        }}
      >
        <p>Its link lets nobody in any more, and its guests are out within seconds. The session goes on.</p>
      </Confirm>
    </>
  );
}
