/** One volume. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { api, data } from "../../lib/api";
import { Button } from "../../ui/button";
import { ContainerLink } from "../../ui/container-link";
import { LastState } from "../../ui/last-state";
import { Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { RemoveVolumes, type Volume, kind } from "./index";

export default function VolumePage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const navigate = useNavigate();
  const queries = useQueryClient();
  const found = useQuery({ queryKey: ["volumes", name], queryFn: () => data(api.GET("/api/v1/volumes/{name}", { params: { path: { name } } })) });
  const [removing, setRemoving] = useState<Volume[]>([]);
  const one = found.data;
  if (!one) {
    return (
      <>
        <PageHeader title={name} />
        {found.error ? <Problem error={found.error} onRetry={() => void found.refetch()} /> : <Skeleton lines={6} label="Loading the volume" />}
      </>
    );
  }
  const used = one.containers ?? [];
  return (
    <>
      <PageHeader
        title={<span className="mono">{one.name}</span>}
        name={one.name}
        beside={kind(one)}
        actions={
          <Button kind="danger" needs="remove:volumes" off={used.length > 0 && `used by ${used.join(", ")}`} icon={<Trash2 size={13} />} onClick={() => setRemoving([one])}>
            Remove…
          </Button>
        }
      />
      <LastState of={found} />
      <div className="columns">
        <Section title="Volume">
          <Facts
            facts={[
              ["Driver", one.driver],
              ["Owner", one.owner],
              ["Made", <Time key="made" at={one.created_at} as="date" />],
              ...Object.entries(one.options ?? {}).map(([key, value]): [string, string] => [`Option ${key}`, value]),
              ...Object.entries(one.labels ?? {}).map(([key, value]): [string, string] => [key, value || "–"]),
            ]}
          />
        </Section>
        <Section title="Mounted in">
          {used.length === 0 ? (
            <p className="muted">No container.</p>
          ) : (
            <ul className="lines">
              {used.map((container) => (
                <li key={container}>
                  <ContainerLink name={container} />
                </li>
              ))}
            </ul>
          )}
        </Section>
      </div>
      <RemoveVolumes
        volumes={removing}
        onClose={() => setRemoving([])}
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/volumes/{name}", { params: { path: { name: one.name } } }));
          void queries.invalidateQueries({ queryKey: ["volumes"], exact: true });
          void navigate({ to: "/volumes" as never });
        }}
      />
    </>
  );
}
