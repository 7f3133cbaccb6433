/** A container's name, which leads to it where it is known, with its state. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { containersQuery } from "../lib/queries";
import { containerState } from "../lib/state";
import { State } from "./badge";

export function ContainerLink({ name }: { name: string }) {
  const one = useQuery(containersQuery).data?.find((container) => container.name === name);
  if (!one) return <span className="mono">{name}</span>;
  return (
    <>
      <Link to={"/containers/$id" as never} params={{ id: one.id } as never} className="mono">
        {name}
      </Link>
      <State state={containerState(one)} />
    </>
  );
}
