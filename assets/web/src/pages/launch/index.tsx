/** The gallery: templates as cards, each leads to its form. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useRef } from "react";
import { plural } from "../../lib/format";
import { useShortcuts } from "../../lib/keyboard";
import { templateText } from "../../lib/launch";
import { templatesQuery } from "../../lib/queries";
import { text, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Input } from "../../ui/field";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import "./launch.css";

const ADDRESS = { q: text() };

export default function Launch() {
  const found = useQuery(templatesQuery);
  const [address, setAddress] = useAddress(ADDRESS);
  const field = useRef<HTMLInputElement>(null);
  const cards = useRef<HTMLUListElement>(null);
  const list = found.data?.items;
  const shown = useMemo(() => {
    const words = address.q.toLowerCase().split(/\s+/).filter(Boolean);
    return list?.filter(({ template }) => words.every((word) => templateText(template).includes(word)));
  }, [list, address.q]);
  const faults = found.data?.complaints ?? [];
  useShortcuts([{ keys: "/", label: "filter templates", group: "Launch", run: () => field.current?.focus() }]);
  const links = () => [...(cards.current?.querySelectorAll("a") ?? [])];
  const typed = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      if (event.key === "Enter" && shown?.length === 1) links()[0]?.click();
      else links()[0]?.focus();
    }
  };
  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns(), j: columns(), k: -columns(), l: 1, h: -1 };
    const step = steps[event.key];
    const all = links();
    const at = all.indexOf(event.target as HTMLAnchorElement);
    if (step === undefined || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
  };
  const columns = () => getComputedStyle(cards.current as Element).gridTemplateColumns.split(" ").length;

  return (
    <>
      <PageHeader title="Launch" about="Choose what to launch" />
      {found.error && <Problem error={found.error} onRetry={() => void found.refetch()} title="The templates could not be read" small={list !== undefined} />}
      {!list || !shown ? (
        !found.error && <Skeleton lines={8} label="Loading templates" />
      ) : (
        <>
          <div className="table-bar">
            <Input ref={field} type="search" aria-label="Filter templates" placeholder="Filter: python, git, game…" value={address.q} onChange={(q) => setAddress({ q })} onKeyDown={typed} />
            <span className="muted count" role="status">
              {shown.length === list.length ? plural(list.length, "template") : `${shown.length} of ${plural(list.length, "template")}`}
            </span>
            {faults.length > 0 && (
              <Link to={"/templates" as never} className="tone-warn">
                ▲ {plural(faults.length, "mistake")} in template files
              </Link>
            )}
          </div>
          {list.length === 0 && <Empty title="No templates">Templates are JSON files; those that ship with cto seem to be hidden by its configuration.</Empty>}
          {list.length > 0 && shown.length === 0 && <Empty title={`No template fits "${address.q}"`} action={<Button onClick={() => setAddress({ q: "" })}>Show all</Button>} />}
          <ul ref={cards} className="cards" onKeyDown={move}>
            {shown.map(({ template, origin }) => (
              <li key={template.name} className="template-card">
                <span className="template-icon mono" aria-hidden="true">
                  {template.icon ?? template.name.charAt(0).toUpperCase()}
                </span>
                <div className="template-words">
                  <Link to={"/launch/$template" as never} params={{ template: template.name } as never} className="template-name mono">
                    {template.name}
                  </Link>
                  <p>{template.description ?? <span className="muted">no description</span>}</p>
                  <p className="template-foot muted">
                    <span className="mono cut">{template.image || template.extends || "built from its recipe"}</span>
                    {Object.keys(template.params ?? {}).length > 0 && <Badge>{plural(Object.keys(template.params ?? {}).length, "parameter")}</Badge>}
                    {origin !== "gallery" && <Badge tone="info">{origin}</Badge>}
                  </p>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
