/** A word of explanation over what is pointed at or focused. */
import { Tooltip } from "radix-ui";
import type { ReactElement, ReactNode } from "react";

export function Tip({ text, children, side = "bottom" }: { text: ReactNode; children: ReactElement; side?: "top" | "bottom" | "left" | "right" }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tip" side={side} sideOffset={4} collisionPadding={8}>
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export const TipProvider = ({ children }: { children: ReactNode }) => <Tooltip.Provider delayDuration={400}>{children}</Tooltip.Provider>;
