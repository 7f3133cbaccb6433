/** Picks what a new pane shows: a session that lives, or a new one in a container. */
import { Command as Cmdk } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import type { Container, Session } from "../../lib/api";
import type { SavedPane } from "../../lib/layout";
import { score } from "../../ui/palette";
import { paneOf } from "./state";

export interface PickProps {
  open: boolean;
  onClose: () => void;
  containers: Container[];
  sessions: Session[];
  onPick: (pane: SavedPane) => void;
}

const program = (session: Session) => (session.kind === "main" ? "main" : (session.command[0]?.split("/").at(-1) ?? "shell"));

export function Pick({ open, onClose, containers, sessions, onPick }: PickProps) {
  const pick = (pane: SavedPane) => {
    onClose();
    onPick(pane);
  };
  const live = sessions.filter((one) => one.state === "live");
  const running = containers.filter((one) => one.state === "running");
  const others = containers.filter((one) => one.state !== "running");
  return (
    <Radix.Root open={open} onOpenChange={(wish) => !wish && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content className="dialog palette" aria-describedby={undefined}>
          <Radix.Title className="sr">Add a terminal</Radix.Title>
          <Cmdk label="Add a terminal" loop filter={score}>
            <Cmdk.Input className="palette-input" placeholder="A session or a container…" />
            <Cmdk.List className="palette-list" label="Terminals">
              <Cmdk.Empty className="menu-label">Nothing is called so.</Cmdk.Empty>
              <Cmdk.Group heading="New shell in">
                {running.map((one) => (
                  <Cmdk.Item key={one.id} value={`shell ${one.name} ${one.id}`} keywords={[one.image]} onSelect={() => pick({ container: one.id, name: one.name, shows: "shell" })}>
                    <span className="tone-ok" aria-hidden="true">
                      ＋
                    </span>
                    <span className="mono">{one.name}</span>
                    <span className="muted cut">{one.template ?? one.image}</span>
                  </Cmdk.Item>
                ))}
              </Cmdk.Group>
              <Cmdk.Group heading="Sessions">
                {live.map((one) => (
                  <Cmdk.Item key={one.id} value={`session ${one.container_name} ${program(one)} ${one.id}`} onSelect={() => pick(paneOf(one))}>
                    <span className="tone-ok" aria-hidden="true">
                      ●
                    </span>
                    <span className="mono">{one.container_name}</span>
                    <span className="mono">{program(one)}</span>
                    <span className="muted cut">{one.title}</span>
                    <span className="spring" />
                    <span className="muted">{one.owner}</span>
                  </Cmdk.Item>
                ))}
              </Cmdk.Group>
              <Cmdk.Group heading="Log of">
                {[...running, ...others].map((one) => (
                  <Cmdk.Item key={one.id} value={`log ${one.name} ${one.id}`} onSelect={() => pick({ container: one.id, name: one.name, shows: "log" })}>
                    <span className="muted" aria-hidden="true">
                      ≡
                    </span>
                    <span className="mono">{one.name}</span>
                  </Cmdk.Item>
                ))}
              </Cmdk.Group>
            </Cmdk.List>
          </Cmdk>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
