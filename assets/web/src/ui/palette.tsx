/** Ctrl/Cmd+K: everything by name. */
import { Command as Cmdk } from "cmdk";
import { Dialog } from "radix-ui";
import { commands } from "../lib/commands";
import { keyNames } from "../lib/keyboard";
import { useCan } from "../lib/permissions";
import { useStore } from "../lib/store";

/** All words must be there: a guess at letters would run what nobody has named. Beginnings count most. */
export function score(value: string, search: string, keywords: string[] = []): number {
  const label = (value.split(" · ")[0] ?? "").toLowerCase();
  const all = `${label} ${keywords.join(" ").toLowerCase()}`;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.every((word) => all.includes(word))) return 0;
  if (label === search.trim().toLowerCase()) return 1;
  if (label.startsWith(words[0] ?? "")) return 0.8;
  return words.every((word) => label.includes(word)) ? 0.6 : 0.3;
}

export default function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  const list = useStore(commands);
  const can = useCan();
  const groups = [...new Set(list.map((command) => command.group))];
  return (
    <Dialog.Root open={open} onOpenChange={(wish) => !wish && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog palette" aria-describedby={undefined}>
          <Dialog.Title className="sr">Command palette</Dialog.Title>
          <Cmdk label="Command palette" loop filter={score}>
            <Cmdk.Input className="palette-input" placeholder="Go to, or do…" />
            <Cmdk.List className="palette-list" label="Commands">
              <Cmdk.Empty className="empty">Nothing is called that</Cmdk.Empty>
              {groups.map((group) => (
                <Cmdk.Group key={group} heading={group}>
                  {list
                    .filter((command) => command.group === group)
                    .map((command, at) => {
                      const right = command.needs ? can(command.needs) : { ok: true };
                      return (
                        <Cmdk.Item
                          key={`${command.label}${at}`}
                          value={`${command.label} · ${group} ${at}`}
                          keywords={command.words ?? []}
                          disabled={!right.ok}
                          onSelect={() => {
                            onClose();
                            command.run();
                          }}
                        >
                          <span className="menu-icon">{command.icon}</span>
                          <span className="menu-text">
                            {command.label}
                            {right.reason && <small className="muted">{right.reason}</small>}
                          </span>
                          {command.keys && keyNames(command.keys).map((key, place) => <kbd key={place}>{key}</kbd>)}
                        </Cmdk.Item>
                      );
                    })}
                </Cmdk.Group>
              ))}
            </Cmdk.List>
          </Cmdk>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
