/** Users and their tokens. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { MoreHorizontal, Plus } from "lucide-react";
import { type FormEvent, type ReactNode, useMemo, useState } from "react";
import { type Schemas, all, api, data, once } from "../lib/api";
import type { Role } from "../lib/auth";
import { useAccount } from "../lib/permissions";
import { problemOf } from "../lib/problem";
import { placesAt } from "../lib/schema";
import { Button, CopyButton } from "../ui/button";
import { type Column, DataTable } from "../ui/data-table";
import { Confirm, Dialog } from "../ui/dialog";
import { Field, Input, Secret, Select } from "../ui/field";
import { Menu } from "../ui/menu";
import { Empty, PageHeader } from "../ui/page";
import { Problem } from "../ui/problem";
import { ROLES, RoleBadge } from "../ui/role";
import { Tabs } from "../ui/tabs";
import { Time } from "../ui/time";

type User = Schemas["User"];
type Token = Schemas["Token"];

const page = (cursor: string | undefined) => ({ params: { query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } } });
const usersQuery = queryOptions({ queryKey: ["users"], queryFn: () => all((cursor) => data(api.GET("/api/v1/users", page(cursor)))) });
const tokensQuery = queryOptions({ queryKey: ["tokens"], queryFn: () => all((cursor) => data(api.GET("/api/v1/tokens", page(cursor)))) });

export default function Users() {
  const users = useQuery(usersQuery);
  const tokens = useQuery(tokensQuery);
  return (
    <div className="fill-page">
      <PageHeader title="Users" about="Who may use this server, and what they may do." />
      <Tabs
        label="Users and tokens"
        fill
        tabs={[
          { id: "users", title: "Users", beside: users.data && <span className="muted">{users.data.length}</span>, content: () => <UserList users={users} /> },
          { id: "tokens", title: "Tokens", beside: tokens.data && <span className="muted">{tokens.data.length}</span>, content: () => <TokenList tokens={tokens} users={users.data ?? []} /> },
        ]}
      />
    </div>
  );
}

interface Asked<T> {
  data: T[] | undefined;
  error: unknown;
  refetch: () => unknown;
}

type Doing = { what: "add" } | { what: "role" | "password" | "remove"; user: User };

function UserList({ users }: { users: Asked<User> }) {
  const account = useAccount();
  const queries = useQueryClient();
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  const changed = () => Promise.all([queries.invalidateQueries({ queryKey: ["users"] }), queries.invalidateQueries({ queryKey: ["tokens"] })]);
  const columns = useMemo(
    (): Column<User>[] => [
      {
        id: "name",
        title: "Name",
        width: "minmax(8rem, 2fr)",
        sort: (one) => one.name,
        cell: (one) => (
          <>
            <span className="mono strong">{one.name}</span> {one.name === account?.name && <span className="muted">you</span>}
          </>
        ),
      },
      { id: "role", title: "Role", width: "7rem", sort: (one) => one.role, cell: (one) => <RoleBadge role={one.role} /> },
      { id: "password", title: "Signs in by", width: "minmax(7rem, 1fr)", from: "tablet", sort: (one) => (one.has_password ? "password" : "token"), cell: (one) => (one.has_password ? "password" : <span className="muted">tokens only</span>) },
      { id: "added", title: "Added", width: "7rem", right: true, from: "tablet", sort: (one) => Date.parse(one.created_at), text: () => "", cell: (one) => <Time at={one.created_at} /> },
      {
        id: "menu",
        title: "",
        width: "3.6rem",
        right: true,
        cell: (one) => (
          <Menu
            label={`What to do with ${one.name}`}
            trigger={
              <button type="button" className="button quiet bare" aria-label={`What to do with ${one.name}`}>
                <MoreHorizontal size={15} aria-hidden="true" />
              </button>
            }
            items={[
              { label: "Another role…", needs: "manage:users", onSelect: () => setDoing({ what: "role", user: one }) },
              { label: one.has_password ? "Another password…" : "A password…", needs: "manage:users", onSelect: () => setDoing({ what: "password", user: one }) },
              { group: "" },
              { label: "Remove…", danger: true, needs: "manage:users", off: one.name === account?.name ? "this is you" : false, onSelect: () => setDoing({ what: "remove", user: one }) },
            ]}
          />
        ),
      },
    ],
    [account?.name],
  );
  return (
    <>
      <DataTable
        label="users"
        rows={users.data}
        columns={columns}
        id={(one) => one.name}
        error={users.error}
        onRetry={() => void users.refetch()}
        empty={<Empty title="No users" />}
        tools={
          <>
            <span className="spring" />
            <Button kind="primary" needs="manage:users" icon={<Plus size={14} />} onClick={() => setDoing({ what: "add" })}>
              Add a user
            </Button>
          </>
        }
      />
      {doing?.what === "add" && <AddUser onClose={close} onDone={changed} />}
      {doing?.what === "role" && <ChangeRole user={doing.user} onClose={close} onDone={changed} />}
      {doing?.what === "password" && <SetPassword user={doing.user} onClose={close} onDone={changed} />}
      <Confirm
        open={doing?.what === "remove"}
        onClose={close}
        title={`Remove ${doing?.what === "remove" ? doing.user.name : ""}?`}
        verb="Remove"
        danger
        {...(doing?.what === "remove" ? { typed: doing.user.name } : {})}
        onConfirm={async () => {
          if (doing?.what !== "remove") return;
          await data(api.DELETE("/api/v1/users/{name}", { params: { path: { name: doing.user.name } } }));
          await changed();
        }}
      >
        <p>They are signed out, and their tokens are worth nothing any more. Their containers go on.</p>
      </Confirm>
    </>
  );
}

/** A window with fields; the server's refusal is shown at the field that it is about, or below. */
function Form({ title, verb, off, onClose, onSubmit, error, busy, children }: { title: string; verb: string; off: boolean; onClose: () => void; onSubmit: () => void; error: unknown; busy: boolean; children: ReactNode }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!off && !busy) onSubmit();
  };
  return (
    <Dialog open onClose={onClose} title={title}>
      <form className="form" onSubmit={submit}>
        {children}
        {error !== null && <Problem error={error} small />}
        <div className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={busy} off={off}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const at = (error: unknown, pointer: string) => (error === null ? undefined : placesAt(problemOf(error).errors ?? [], pointer)[0]?.detail);

interface Closing {
  onClose: () => void;
  onDone: () => Promise<unknown>;
}

function useDoing<T>({ onClose, onDone }: Closing, run: () => Promise<T>, stays = false) {
  return useMutation({
    mutationFn: run,
    onSuccess: async () => {
      await onDone();
      if (!stays) onClose();
    },
  });
}

function AddUser(closing: Closing) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const [password, setPassword] = useState("");
  const add = useDoing(closing, () => data(api.POST("/api/v1/users", { body: { name: name.trim(), role, ...(password === "" ? {} : { password }) }, params: once() })));
  return (
    <Form title="Add a user" verb="Add" off={name.trim() === ""} onClose={closing.onClose} onSubmit={() => add.mutate()} error={add.error} busy={add.isPending}>
      <Field label="Name" help="Lower-case letters, digits, -, _ and ." error={at(add.error, "/name")} required>
        {(attributes) => <Input {...attributes} autoFocus autoCapitalize="off" autoComplete="off" value={name} onChange={setName} />}
      </Field>
      <Field label="Role">{(attributes) => <Select {...attributes} value={role} onChange={(said) => setRole(said as Role)} options={ROLES} />}</Field>
      <Field label="Password" help="8 letters or more. Without one they have tokens only." error={at(add.error, "/password")}>
        {(attributes) => <Secret {...attributes} autoComplete="new-password" value={password} onChange={setPassword} />}
      </Field>
    </Form>
  );
}

function ChangeRole({ user, ...closing }: Closing & { user: User }) {
  const [role, setRole] = useState<Role>(user.role);
  const save = useDoing(closing, () => data(api.PUT("/api/v1/users/{name}", { params: { path: { name: user.name } }, body: { role } })));
  return (
    <Form title={`Role of ${user.name}`} verb="Change" off={role === user.role} onClose={closing.onClose} onSubmit={() => save.mutate()} error={save.error} busy={save.isPending}>
      <Field label="Role" help="It holds at once, also for their tokens and where they are signed in.">
        {(attributes) => <Select {...attributes} autoFocus value={role} onChange={(said) => setRole(said as Role)} options={ROLES} />}
      </Field>
    </Form>
  );
}

function SetPassword({ user, ...closing }: Closing & { user: User }) {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const save = useDoing(closing, () => data(api.PUT("/api/v1/users/{name}", { params: { path: { name: user.name } }, body: { password } })));
  return (
    <Form title={`Password of ${user.name}`} verb="Set" off={password === "" || password !== again} onClose={closing.onClose} onSubmit={() => save.mutate()} error={save.error} busy={save.isPending}>
      <Field label="New password" help="8 letters or more. Wherever they are signed in they are signed out." error={at(save.error, "/password")}>
        {(attributes) => <Secret {...attributes} autoFocus autoComplete="new-password" value={password} onChange={setPassword} />}
      </Field>
      <Field label="New password again" error={again !== "" && again !== password ? "is not the same" : undefined}>
        {(attributes) => <Secret {...attributes} autoComplete="new-password" value={again} onChange={setAgain} />}
      </Field>
    </Form>
  );
}

const TOKEN_COLUMNS: Column<Token>[] = [
  { id: "id", title: "Token", width: "minmax(10rem, 1.5fr)", from: "tablet", sort: (one) => one.id, cell: (one) => <span className="mono muted">{one.id}</span> },
  { id: "user", title: "User", width: "minmax(7rem, 1fr)", sort: (one) => one.user, cell: (one) => <span className="mono strong">{one.user}</span> },
  { id: "role", title: "Role", width: "7rem", sort: (one) => one.role, cell: (one) => <RoleBadge role={one.role} /> },
  { id: "about", title: "For", width: "minmax(7rem, 2fr)", from: "tablet", sort: (one) => one.about ?? "", cell: (one) => one.about ?? "" },
  { id: "made", title: "Made", width: "6rem", right: true, from: "tablet", sort: (one) => Date.parse(one.created_at), text: () => "", cell: (one) => <Time at={one.created_at} /> },
  { id: "ends", title: "Ends", width: "6rem", right: true, sort: (one) => (one.expires_at ? Date.parse(one.expires_at) : Infinity), text: () => "", cell: (one) => (one.expires_at ? <Time at={one.expires_at} /> : <span className="muted">never</span>) },
];

function TokenList({ tokens, users }: { tokens: Asked<Token>; users: User[] }) {
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token[]>([]);
  const changed = () => queries.invalidateQueries({ queryKey: ["tokens"] });
  return (
    <>
      <DataTable
        label="tokens"
        rows={tokens.data}
        columns={TOKEN_COLUMNS}
        id={(one) => one.id}
        error={tokens.error}
        onRetry={() => void tokens.refetch()}
        empty={
          <Empty title="No tokens" action={<Button needs="manage:users" onClick={() => setMaking(true)}>Make one</Button>}>
            Programs sign in with tokens: scripts, pipelines, editors.
          </Empty>
        }
        tools={
          <>
            <span className="spring" />
            <Button kind="primary" needs="manage:users" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
              Make a token
            </Button>
          </>
        }
        bulk={(rows, clear) => (
          <Button
            kind="danger"
            needs="manage:users"
            onClick={() => {
              setRevoking(rows);
              clear();
            }}
          >
            Revoke…
          </Button>
        )}
      />
      {making && <MakeToken users={users} onClose={() => setMaking(false)} onDone={changed} />}
      <Confirm
        open={revoking.length > 0}
        onClose={() => setRevoking([])}
        title={revoking.length === 1 ? "Revoke this token?" : `Revoke ${revoking.length} tokens?`}
        verb="Revoke"
        danger
        onConfirm={async () => {
          for (const token of revoking) await data(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id: token.id } } }));
          await changed();
        }}
      >
        <p>Programs that use them are refused from now on:</p>
        <ul className="names">
          {revoking.map((token) => (
            <li key={token.id}>
              <code>{token.id}</code> of {token.user}
            </li>
          ))}
        </ul>
      </Confirm>
    </>
  );
}

function MakeToken({ users, ...closing }: Closing & { users: User[] }) {
  const account = useAccount();
  const [user, setUser] = useState(account?.name ?? "");
  const [role, setRole] = useState<Role | "">("");
  const [days, setDays] = useState("90");
  const [about, setAbout] = useState("");
  const wrong = days !== "" && !/^[1-9]\d{0,4}$/.test(days.trim()) ? "is a number of days, or nothing" : undefined;
  const make = useDoing(closing, () => data(api.POST("/api/v1/tokens", { body: { user, ...(about.trim() === "" ? {} : { about: about.trim() }), ...(role === "" ? {} : { role }), ...(days.trim() === "" ? {} : { expires_in_days: Number(days) }) } })), true);
  if (make.data) {
    return (
      <Dialog open onClose={closing.onClose} title="A new token" foot={<Button onClick={closing.onClose}>Done</Button>}>
        <p>
          It stands for {make.data.token.user} as {make.data.token.role}. It is shown only now:
        </p>
        <Input readOnly aria-label="Token" className="mono" autoFocus value={make.data.secret} onChange={() => {}} onFocus={(event) => event.target.select()} />
        <CopyButton text={make.data.secret} label="Copy the token" />
      </Dialog>
    );
  }
  return (
    <Form title="Make a token" verb="Make it" off={user === "" || wrong !== undefined} onClose={closing.onClose} onSubmit={() => make.mutate()} error={make.error} busy={make.isPending}>
      <Field label="For">{(attributes) => <Select {...attributes} autoFocus value={user} onChange={setUser} options={users.map((one) => ({ value: one.name, label: `${one.name} (${one.role})` }))} />}</Field>
      <Field label="What it is for" error={at(make.error, "/about")}>
        {(attributes) => <Input {...attributes} maxLength={200} value={about} onChange={setAbout} />}
      </Field>
      <Field label="It may do">
        {(attributes) => <Select {...attributes} value={role} onChange={(said) => setRole(said as Role | "")} options={[{ value: "", label: "what the user may" }, ...ROLES]} />}
      </Field>
      <Field label="It ends after" help="Nothing: it never ends." error={wrong ?? at(make.error, "/expires_in_days")}>
        {(attributes) => <Input {...attributes} inputMode="numeric" unit="days" value={days} onChange={setDays} />}
      </Field>
    </Form>
  );
}
