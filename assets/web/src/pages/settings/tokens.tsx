/** Tokens of one's own: what programs sign in with as oneself. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Schemas, all, api, data, once } from "../../lib/api";
import type { Role } from "../../lib/auth";
import { useAccount, useCan } from "../../lib/permissions";
import { problemOf } from "../../lib/problem";
import { placesAt } from "../../lib/schema";
import { Button } from "../../ui/button";
import { Confirm, Dialog } from "../../ui/dialog";
import { Field, Input, Select } from "../../ui/field";
import { Empty, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { ROLES, RoleBadge } from "../../ui/role";
import { SecretOnce } from "../../ui/secret-once";
import { Time } from "../../ui/time";

type Token = Schemas["Token"];
type Created = Schemas["CreatedToken"];

const page = (cursor: string | undefined) => ({ params: { query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } } });
/** Below the word that events make old. */
const ownTokensQuery = queryOptions({ queryKey: ["tokens", "own"], queryFn: () => all((cursor) => data(api.GET("/api/v1/me/tokens", page(cursor)))) });

const USUAL_DAYS = "90";

export function OwnTokens() {
  const can = useCan();
  const queries = useQueryClient();
  const tokens = useQuery({ ...ownTokensQuery, enabled: can("use:tokens").ok });
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Created | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const fresh = () => queries.invalidateQueries({ queryKey: ["tokens"] });
  const newest = [...(tokens.data ?? [])].sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
  const make = (
    <Button kind={newest.length > 0 ? "quiet" : "normal"} needs="use:tokens" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
      Make a token
    </Button>
  );
  return (
    <Section title="Tokens" actions={newest.length > 0 && make}>
      {!can("use:tokens").ok ? (
        <p className="muted">Your role has no tokens of its own.</p>
      ) : tokens.error && !tokens.data ? (
        <Problem error={tokens.error} onRetry={() => void tokens.refetch()} title="Your tokens could not be read" small />
      ) : !tokens.data ? (
        <Skeleton lines={3} label="Loading your tokens" />
      ) : newest.length === 0 ? (
        <Empty title="No tokens" action={make}>
          Programs sign in with them as you: scripts, pipelines, editors.
        </Empty>
      ) : (
        <ul className="own-tokens" aria-label="Your tokens">
          {newest.map((token) => (
            <li key={token.id}>
              <span className="own-token">
                <span>
                  <span className={token.about ? "strong" : "muted"}>{token.about ?? "unnamed"}</span> <RoleBadge role={token.role} />
                </span>
                <span className="muted small">
                  <span className="mono">{token.id}</span> · made <Time at={token.created_at} /> · {token.expires_at ? <>ends <Time at={token.expires_at} /></> : "never ends"}
                </span>
              </span>
              <Button kind="quiet" needs="use:tokens" label={`Revoke ${token.about ?? token.id}`} onClick={() => setRevoking(token)}>
                Revoke…
              </Button>
            </li>
          ))}
        </ul>
      )}
      {making && (
        <MakeToken
          onClose={() => setMaking(false)}
          onMade={(created) => {
            setMaking(false);
            setMade(created);
            void fresh();
          }}
        />
      )}
      <SecretOnce secret={made?.secret ?? null} title="Your new token" onClose={() => setMade(null)}>
        {made && (
          <p className="muted">
            It stands for you as {made.token.role}, and {made.token.expires_at ? <>ends <Time at={made.token.expires_at} as="date" /></> : "never ends"}.
          </p>
        )}
      </SecretOnce>
      <Confirm
        open={revoking !== null}
        onClose={() => setRevoking(null)}
        title="Revoke this token?"
        verb="Revoke"
        danger
        onConfirm={async () => {
          try {
            await data(api.DELETE("/api/v1/me/tokens/{id}", { params: { path: { id: revoking?.id ?? "" } } }));
          } catch (error) {
            // Somebody else has done so.
            if (problemOf(error).status !== 404) throw error;
          }
          await fresh();
        }}
      >
        <p>
          Programs that use {revoking?.about ? <strong>{revoking.about}</strong> : "it"} (<code>{revoking?.id}</code>) are refused from now on. Whoever signed in with it in a browser is signed out.
        </p>
      </Confirm>
    </Section>
  );
}

function MakeToken({ onClose, onMade }: { onClose: () => void; onMade: (created: Created) => void }) {
  const account = useAccount();
  const [about, setAbout] = useState("");
  const [role, setRole] = useState<Role | "">("");
  const [days, setDays] = useState(USUAL_DAYS);
  const make = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/me/tokens", {
          body: { ...(about.trim() === "" ? {} : { about: about.trim() }), ...(role === "" ? {} : { role }), ...(days.trim() === "" ? {} : { expires_in_days: Number(days) }) },
          params: once(),
        }),
      ),
    onSuccess: onMade,
  });
  const at = (pointer: string) => (make.error ? placesAt(problemOf(make.error).errors ?? [], pointer)[0]?.detail : undefined);
  const wrong = days.trim() !== "" && !/^[1-9]\d{0,4}$/.test(days.trim()) ? "is a number of days, or nothing" : undefined;
  const lesser = ROLES.slice(0, ROLES.findIndex((one) => one.value === account?.role));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong && !make.isPending) make.mutate();
  };
  return (
    <Dialog open onClose={onClose} title="Make a token" about="A program that has it acts as you.">
      <form className="form" onSubmit={submit}>
        <Field label="What it is for" help="So that you know it again." error={at("/about")}>
          {(attributes) => <Input {...attributes} autoFocus maxLength={200} value={about} onChange={setAbout} />}
        </Field>
        <Field label="It may do" error={at("/role")}>
          {(attributes) => <Select {...attributes} value={role} onChange={(said) => setRole(said as Role | "")} options={[{ value: "", label: "what you may" }, ...lesser]} />}
        </Field>
        <Field label="It ends after" help="Nothing: it never ends." error={wrong ?? at("/expires_in_days")}>
          {(attributes) => <Input {...attributes} inputMode="numeric" unit="days" value={days} onChange={setDays} />}
        </Field>
        {make.error && <Problem error={make.error} small />}
        <div className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending} off={wrong !== undefined}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
