/** Tabs whose choice is in the address: links lead to them, and going back works. */
import { Tabs as Radix } from "radix-ui";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { oneOf, useAddress } from "../lib/search";

export interface Tab {
  /** In the address; the first tab's is left out. */
  id: string;
  title: string;
  icon?: ReactNode;
  beside?: ReactNode;
  /** Made only when it is shown. */
  content: () => ReactNode;
}

export function Tabs({ tabs, label, param = "tab", fill = false }: { tabs: Tab[]; label: string; param?: string; fill?: boolean }) {
  const ids = tabs.map((tab) => tab.id).join(" ");
  const params = useMemo(() => ({ [param]: oneOf(...(ids.split(" ") as [string, ...string[]])) }), [ids, param]);
  const [address, setAddress] = useAddress(params);
  const chosen = address[param] ?? tabs[0]?.id ?? "";
  const bar = useRef<HTMLDivElement>(null);
  // On a phone the bar is wider than the screen.
  useEffect(() => {
    bar.current?.querySelector('[data-state="active"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [chosen]);
  return (
    <Radix.Root className={fill ? "tabs fill" : "tabs"} value={chosen} onValueChange={(id) => setAddress({ [param]: id }, true)}>
      <Radix.List ref={bar} className="tab-list" aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.id} value={tab.id} className="tab">
            {tab.icon}
            {tab.title}
            {tab.beside}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.id} value={tab.id} className="tab-content" tabIndex={-1}>
          {tab.id === chosen && tab.content()}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
