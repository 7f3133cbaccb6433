/** Roles, as they are chosen and shown. */
import type { Role } from "../lib/auth";
import { Badge } from "./badge";

/** Each may what those before it may. */
export const ROLES: { value: Role; label: string }[] = [
  { value: "viewer", label: "viewer: may look" },
  { value: "operator", label: "operator: may also launch, and change what is theirs" },
  { value: "admin", label: "admin: may do everything" },
];
const TONES: Record<Role, "muted" | "info" | "warn"> = { viewer: "muted", operator: "info", admin: "warn" };

export const RoleBadge = ({ role }: { role: Role }) => <Badge tone={TONES[role]}>{role}</Badge>;
