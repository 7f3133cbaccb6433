/** What the signed-in person may do: greys buttons and says which right is missing. The server decides in the end, thing by thing. */
import { type Action, type Auth, auth } from "./auth";
import { useStore } from "./store";

export function mayWith(state: Auth, action: Action): { ok: boolean; reason?: string } {
  if (state.state === "in" && state.account.actions.includes(action)) return { ok: true };
  const role = state.state === "in" ? `; the role ${state.account.role} does not have it` : "";
  return { ok: false, reason: `needs the right ${action}${role}` };
}

/** `can("start:runs").ok`, and `.reason` why not. Outside components. */
export const can = (action: Action) => mayWith(auth.get(), action);

/** The same for components: drawn anew when the account changes. */
export function useCan(): (action: Action) => { ok: boolean; reason?: string } {
  const state = useStore(auth);
  return (action) => mayWith(state, action);
}

/** Who is signed in; pages are only shown when somebody is. */
export function useAccount() {
  const state = useStore(auth);
  return state.state === "in" ? state.account : null;
}
