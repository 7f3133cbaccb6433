/** A menu behind a button. */
import { MoreHorizontal } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import type { Action } from "../lib/auth";
import { useCan } from "../lib/permissions";

export type MenuItem =
  | { label: string; icon?: ReactNode; keys?: string; danger?: boolean; needs?: Action; off?: string | boolean | undefined; checked?: boolean; onSelect: () => void }
  /** A line between groups, with a word when it has one. */
  | { group: string };

export function Menu({ trigger, items, label, align = "end" }: { trigger: ReactElement; items: MenuItem[]; label: string; align?: "start" | "end" }) {
  const can = useCan();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align={align} sideOffset={4} collisionPadding={8} aria-label={label}>
          {items.map((item, at) => {
            if ("group" in item) return item.group ? <DropdownMenu.Label key={at} className="menu-label">{item.group}</DropdownMenu.Label> : <DropdownMenu.Separator key={at} className="menu-line" />;
            const right = item.needs ? can(item.needs) : { ok: true };
            const reason = right.ok ? (typeof item.off === "string" ? item.off : undefined) : right.reason;
            const inside = (
              <>
                <span className="menu-icon">{item.checked ? "✓" : item.icon}</span>
                <span className="menu-text">
                  {item.label}
                  {reason && <small className="muted">{reason}</small>}
                </span>
                {item.keys && <kbd>{item.keys}</kbd>}
              </>
            );
            const shared = { className: item.danger ? "menu-item danger" : "menu-item", disabled: !right.ok || Boolean(item.off), onSelect: item.onSelect };
            return item.checked === undefined ? (
              <DropdownMenu.Item key={at} {...shared}>
                {inside}
              </DropdownMenu.Item>
            ) : (
              <DropdownMenu.CheckboxItem key={at} {...shared} checked={item.checked}>
                {inside}
              </DropdownMenu.CheckboxItem>
            );
          })}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** What else can be done with the thing that a page is about. */
export function MoreMenu({ items }: { items: MenuItem[] }) {
  const trigger = (
    <button type="button" className="button bare" aria-label="More">
      <MoreHorizontal size={16} aria-hidden="true" />
    </button>
  );
  return <Menu label="What to do with it" trigger={trigger} items={items} />;
}
