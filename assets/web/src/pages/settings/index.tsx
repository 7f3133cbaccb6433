/** Settings: of this page in this browser, of the account, and what is set in the server. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { changePassword, signOut } from "../../lib/auth";
import { keyNames, keysOf } from "../../lib/keyboard";
import { notify, notifyError } from "../../lib/notices";
import { useAccount, useCan } from "../../lib/permissions";
import { FONT_SIZES, LEADERS, type Leader, THEMES, type ThemeName, clampFont, prefer, usePreferences } from "../../lib/preferences";
import { flag, text, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Field, Input, Secret, Select, Switch } from "../../ui/field";
import { KeyMap } from "../../ui/key-sheet";
import { Empty, Facts, PageHeader, Section } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Tabs } from "../../ui/tabs";
import { OwnTokens } from "./tokens";
import "./settings.css";

export default function Settings() {
  const can = useCan();
  return (
    <div className="fill-page">
      <PageHeader title="Settings" />
      <Tabs
        label="Settings"
        fill
        tabs={[
          { id: "page", title: "This page", content: () => <OfPage /> },
          { id: "account", title: "Account", content: () => <OfAccount /> },
          ...(can("manage:server").ok ? [{ id: "server", title: "Server", content: () => <OfServer /> }] : []),
        ]}
      />
    </div>
  );
}

const THEME_WORDS: Record<ThemeName, string> = { system: "as the system", dark: "dark", light: "light", "high-contrast": "high contrast, dark", "high-contrast-light": "high contrast, light" };

function OfPage() {
  const wish = usePreferences();
  const [size, setSize] = useState(String(wish.fontSize));
  const wrong = /^\d+$/.test(size) && clampFont(Number(size)) === Number(size) ? undefined : `${FONT_SIZES.least} to ${FONT_SIZES.most}`;
  return (
    <div className="columns">
      <Section title="Appearance">
        <div className="form">
          <Field label="Theme">{(attributes) => <Select {...attributes} value={wish.theme} onChange={(theme) => prefer({ theme: theme as ThemeName })} options={THEMES.map((value) => ({ value, label: THEME_WORDS[value] }))} />}</Field>
          <Field label="Letters of terminals" error={wrong}>
            {(attributes) => (
              <Input
                {...attributes}
                inputMode="numeric"
                unit="pixels"
                value={size}
                onChange={(said) => {
                  setSize(said);
                  if (/^\d+$/.test(said) && clampFont(Number(said)) === Number(said)) prefer({ fontSize: Number(said) });
                }}
              />
            )}
          </Field>
          <Switch checked={wish.screenReader} onChange={(screenReader) => prefer({ screenReader })}>
            Terminals are also written for screen readers
          </Switch>
          <Switch checked={wish.copyOnSelect} onChange={(copyOnSelect) => prefer({ copyOnSelect })}>
            What is selected in a terminal is copied
          </Switch>
        </div>
        <p className="help">Kept in this browser.</p>
      </Section>
      <Section title="Keys">
        <div className="form">
          <Field label="Before the keys of the wall" help="Twice, it goes to the program. Browsers keep Ctrl+W, Ctrl+T and Ctrl+N for themselves.">
            {(attributes) => <Select {...attributes} value={wish.leader} onChange={(leader) => prefer({ leader: leader as Leader })} options={LEADERS.map((value) => ({ value, label: value }))} />}
          </Field>
        </div>
        <p className="help key-help">
          Press one to change it. Keys of other pages are changed there: <kbd>{keyNames(keysOf({ group: "Everywhere", keys: "?" })).join(" ")}</kbd>
        </p>
        <KeyMap />
      </Section>
    </div>
  );
}

function OfAccount() {
  const account = useAccount();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    mutationFn: () => changePassword(old, fresh),
    onSuccess() {
      setOld("");
      setFresh("");
      setAgain("");
      notify({ tone: "ok", title: "Your password is another now", text: "Elsewhere you are signed out." });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (old !== "" && fresh !== "" && fresh === again && !change.isPending) change.mutate();
  };
  return (
    <div className="columns">
      <Section title="Who you are">
        <Facts facts={[["Name", <span key="name" className="mono">{account?.name}</span>], ["Role", <Badge key="role">{account?.role}</Badge>], ["You may", <span key="may" className="rights mono">{account?.actions.join(" ")}</span>]]} />
        <Button onClick={() => void signOut().catch((error: unknown) => notifyError("Could not sign out", error))}>Sign out</Button>
      </Section>
      <Section title="Password">
        <form className="form" onSubmit={submit}>
          <input type="text" name="username" autoComplete="username" value={account?.name ?? ""} readOnly hidden />
          <Field label="Password now">{(attributes) => <Secret {...attributes} autoComplete="current-password" value={old} onChange={setOld} />}</Field>
          <Field label="New password" help="8 letters or more.">
            {(attributes) => <Secret {...attributes} autoComplete="new-password" value={fresh} onChange={setFresh} />}
          </Field>
          <Field label="New password again" error={again !== "" && again !== fresh ? "is not the same" : undefined}>
            {(attributes) => <Secret {...attributes} autoComplete="new-password" value={again} onChange={setAgain} />}
          </Field>
          {change.error && <Problem error={change.error} small />}
          <div>
            <Button type="submit" kind="primary" busy={change.isPending} off={old === "" || fresh === "" || fresh !== again}>
              Change it
            </Button>
          </div>
        </form>
      </Section>
      <OwnTokens />
    </div>
  );
}

type Setting = Schemas["Setting"];
const ADDRESS = { q: text(), set: flag(), sort: text("name") };
const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function OfServer() {
  const config = useQuery({ queryKey: ["config"], queryFn: () => data(api.GET("/api/v1/config")) });
  const [address, setAddress] = useAddress(ADDRESS);
  const later = config.data?.needs_restart ?? [];
  const columns: Column<Setting>[] = [
    { id: "name", title: "Setting", width: "minmax(10rem, 1.5fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
    { id: "value", title: "Value", width: "minmax(8rem, 2fr)", text: (one) => shown(one.value), cell: (one) => <span className="mono" title={shown(one.value)}>{shown(one.value)}</span> },
    { id: "origin", title: "Set by", width: "minmax(7rem, 1fr)", sort: (one) => one.origin, cell: (one) => <span className={one.origin === "default" ? "muted" : ""}>{one.origin}</span> },
    { id: "later", title: "", width: "9rem", from: "tablet", text: () => "", cell: (one) => later.includes(one.name) && <Badge tone="warn">after a restart</Badge> },
  ];
  const rows = config.data?.settings.filter((one) => !address.set || one.origin !== "default");
  const errors = config.data?.errors ?? [];
  return (
    <>
      {errors.length > 0 && (
        <div className="problem" role="alert">
          <p className="problem-title">
            <span className="tone-bad" aria-hidden="true">
              ✖
            </span>{" "}
            The configuration files have mistakes; the settings of before hold.
          </p>
          <ul className="problem-places">
            {errors.map((place, at) => (
              <li key={at}>
                <code>{[place.file, place.line && `${place.line}:${place.column ?? 1}`, place.pointer].filter(Boolean).join(" ") || "/"}</code> {place.detail}
              </li>
            ))}
          </ul>
        </div>
      )}
      {later.length > 0 && (
        <p className="banner warn" role="status">
          ▲ Other values hold when the server starts again: {later.join(", ")}
        </p>
      )}
      <DataTable
        label="settings"
        rows={rows}
        columns={columns}
        id={(one) => one.name}
        error={config.error}
        onRetry={() => void config.refetch()}
        empty={<Empty title={address.set ? "Nobody has set anything" : "No settings"} />}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        tools={
          <Switch checked={address.set} onChange={(set) => setAddress({ set })}>
            only what is set
          </Switch>
        }
      />
      <p className="help">
        They are changed in files: <code>cto config explain NAME</code> says where.
      </p>
    </>
  );
}
