/** One webhook, with what it delivered. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { KeyRound, Pencil, Send } from "lucide-react";
import { useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { bodyText, deliveriesQuery, deliveryQuery, deliveryState, webhookQuery, webhookState } from "../../lib/automation";
import { duration, plural } from "../../lib/format";
import { notify, notifyError } from "../../lib/notices";
import { State } from "../../ui/badge";
import { Button, CopyButton } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { MoreMenu } from "../../ui/menu";
import { LastState } from "../../ui/last-state";
import { Empty, Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { SecretOnce } from "../../ui/secret-once";
import { Time } from "../../ui/time";
import { WebhookForm } from "./form";
import { targetText } from "./index";
import "../automation.css";

type Delivery = Schemas["HookDelivery"];

export default function WebhookPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const hook = useQuery(webhookQuery(name));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [changing, setChanging] = useState(false);
  const [asked, setAsked] = useState<"rotate" | "remove" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const params = { path: { name } };
  const fresh = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
  const test = useMutation({
    mutationFn: () => data(api.POST("/api/v1/webhooks/{name}/test", { params })),
    onSuccess: (delivery: Delivery) => notify({ tone: delivery.state === "delivered" ? "ok" : "warn", title: delivery.state === "delivered" ? "The ping was delivered" : "The ping was not delivered", ...(delivery.attempts?.at(-1)?.error ? { text: delivery.attempts.at(-1)?.error ?? "" } : {}) }),
    onError: (error) => notifyError("The ping was not sent", error),
    onSettled: fresh,
  });
  const enable = useMutation({ mutationFn: () => data(api.POST("/api/v1/webhooks/{name}/enable", { params })), onError: (error) => notifyError("It was not enabled", error), onSettled: fresh });
  const one = hook.data;
  if (hook.error && !one) {
    return (
      <>
        <PageHeader title={name || "Webhook"} />
        <Problem error={hook.error} onRetry={() => void hook.refetch()} />
      </>
    );
  }
  if (!one) return <Skeleton lines={8} label="Loading the webhook" />;
  return (
    <>
      <PageHeader
        title={<span className="mono">{one.name}</span>}
        name={one.name}
        beside={<State state={webhookState(one)} />}
        about={<span className="mono">{targetText(one.to)}</span>}
        actions={
          <>
            <Button needs="manage:webhooks" icon={<Send size={14} />} busy={test.isPending} onClick={() => test.mutate()}>
              Send a ping
            </Button>
            <Button needs="manage:webhooks" icon={<Pencil size={14} />} onClick={() => setChanging(true)}>
              Change
            </Button>
            <MoreMenu
              items={[
                { label: "Another secret…", icon: <KeyRound size={13} />, needs: "manage:webhooks", off: one.to.kind === "webhook" ? false : "only URLs have one", onSelect: () => setAsked("rotate") },
                { group: "" },
                { label: "Remove…", danger: true, needs: "manage:webhooks", onSelect: () => setAsked("remove") },
              ]}
            />
          </>
        }
      />
      <LastState of={hook} />
      {one.disabled && (
        <p className="banner bad" role="status">
          ✖ Nothing is delivered any more: {one.disabled}
          <Button needs="manage:webhooks" busy={enable.isPending} onClick={() => enable.mutate()}>
            Enable it
          </Button>
        </p>
      )}
      <Section title="What it tells">
        <Facts
          facts={[
            ["Events", <span className="mono">{one.events.join(" ")}</span>],
            ["Only", Object.entries(one.filter ?? {}).filter(([, value]) => value).map(([what, value]) => `${what} ${value}`).join(", ") || "no limit"],
            ["Private addresses", one.allow_private ? "allowed" : "refused"],
            ["Owner", one.owner],
            ...(one.old_secret_until ? ([["Old secret", <>counts <Time at={one.old_secret_until} /></>]] as [string, React.ReactNode][]) : []),
            ["Made", <Time at={one.created_at} />],
          ]}
        />
      </Section>
      <Section title="Deliveries">
        <Deliveries name={one.name} />
      </Section>
      <WebhookForm open={changing} onClose={() => setChanging(false)} webhook={one} onSecret={setSecret} />
      <Confirm
        open={asked === "rotate"}
        onClose={() => setAsked(null)}
        title={`Another secret for ${one.name}?`}
        verb="Make another"
        onConfirm={async () => {
          const made = await data(api.POST("/api/v1/webhooks/{name}/rotate", { params, body: {} }));
          setSecret(made.secret ?? null);
          await fresh();
        }}
      >
        <p>Messages are signed with both for 24 hours: that is the time to tell the receiver.</p>
      </Confirm>
      <Confirm
        open={asked === "remove"}
        onClose={() => setAsked(null)}
        title={`Remove ${one.name}?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/webhooks/{name}", { params }));
          void queries.invalidateQueries({ queryKey: ["webhooks"], exact: true });
          void navigate({ to: "/webhooks" as never });
        }}
      >
        <p>What waits to be delivered is not delivered, and its deliveries and secret are lost.</p>
      </Confirm>
      <SecretOnce secret={secret} title={`The secret of ${one.name}`} onClose={() => setSecret(null)} />
    </>
  );
}

function Deliveries({ name }: { name: string }) {
  const list = useQuery(deliveriesQuery(name));
  if (list.error && !list.data) return <Problem error={list.error} onRetry={() => void list.refetch()} small />;
  if (!list.data) return <Skeleton lines={4} />;
  if (list.data.length === 0) return <Empty title="Nothing was delivered yet">A ping shows whether it arrives.</Empty>;
  return list.data.map((delivery) => <One key={delivery.id} delivery={delivery} />);
}

function One({ delivery }: { delivery: Delivery }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const attempts = delivery.attempts ?? [];
  const last = attempts.at(-1);
  const again = useMutation({
    mutationFn: () => data(api.POST("/api/v1/deliveries/{id}/redeliver", { params: { path: { id: delivery.id } } })),
    onSuccess: (now: Delivery) => notify({ tone: now.state === "delivered" ? "ok" : "info", title: now.state === "delivered" ? "Delivered once more" : "It is sent once more", text: delivery.text }),
    onError: (error) => notifyError("It was not sent", error),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <details className="delivery" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <State state={deliveryState(delivery.state)} />
        <span className="mono">{delivery.event}</span>
        <span className="cut muted">{delivery.text}</span>
        <span className="spring" />
        <span className="mono">{last?.status ?? ""}</span>
        <Time at={delivery.created_at} />
      </summary>
      <div className="delivery-more">
        <Facts
          facts={[
            ["Message", <span className="mono">{delivery.message}</span>],
            ["What", delivery.text],
            ...(delivery.next_at ? ([["Tried again", <Time at={delivery.next_at} />]] as [string, React.ReactNode][]) : []),
          ]}
        />
        {open && <Body id={delivery.id} />}
        <ol className="plain">
          {attempts.map((attempt, at) => (
            <li key={at}>
              <p>
                <span className={attempt.error ? "tone-bad" : "tone-ok"}>{attempt.error ? "✖" : "✔"}</span> <Time at={attempt.at} as="date" /> <span className="mono">{attempt.status ?? "no answer"}</span> <span className="mono muted">{duration(attempt.ms, true)}</span> {attempt.error}
              </p>
              {attempt.response && (
                <pre className="screen-text" tabIndex={0} aria-label="What it answered">
                  {attempt.response}
                </pre>
              )}
            </li>
          ))}
        </ol>
        {attempts.length === 0 && <p className="muted">It was not tried yet.</p>}
        <div>
          <Button needs="manage:webhooks" icon={<Send size={13} />} busy={again.isPending} onClick={() => again.mutate()}>
            Deliver again
          </Button>{" "}
          <span className="muted">{plural(attempts.length, "attempt")}</span>
        </div>
      </div>
    </details>
  );
}

/** What is sent in every attempt. */
function Body({ id }: { id: string }) {
  const sent = useQuery(deliveryQuery(id));
  if (sent.error && !sent.data) return <Problem error={sent.error} onRetry={() => void sent.refetch()} title="Its body could not be read" small />;
  if (!sent.data) return <Skeleton lines={4} label="Loading the body" />;
  const { body } = sent.data;
  return (
    <div className="delivery-body">
      <p>
        <span className="muted">Body, {plural([...body].length, "letter")}</span>
        <span className="spring" />
        <CopyButton text={body} label="Copy the body" />
      </p>
      <pre className="screen-text" tabIndex={0} aria-label="What is sent">
        {bodyText(body)}
      </pre>
    </div>
  );
}
