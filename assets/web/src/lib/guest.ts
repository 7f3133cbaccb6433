/**
 * A guest's way back into a share after a reload: their token, which opens this one session's terminal and nothing else, is kept in this tab until it is
 * closed. Whoever shows it comes back as who they were, and no second use of the link is spent.
 */

export interface Came {
  name: string;
  token: string;
}

const KEPT = "cto.guest";

const storage = (): Storage | undefined => {
  try {
    return globalThis.sessionStorage;
  } catch {
    // Browsers may forbid it: a reload asks for the name again.
    return undefined;
  }
};

/** Who came in by this link before, in this tab. */
export function guestOf(code: string): Came | undefined {
  try {
    const kept = JSON.parse(storage()?.getItem(KEPT) ?? "null") as Partial<Came & { code: string }> | null;
    return kept?.code === code && typeof kept.name === "string" && typeof kept.token === "string" ? { name: kept.name, token: kept.token } : undefined;
  } catch {
    return undefined;
  }
}

export function keepGuest(code: string, { name, token }: Came): void {
  try {
    storage()?.setItem(KEPT, JSON.stringify({ code, name, token }));
  } catch {
    // It is full or forbidden: as above.
  }
}

export const forgetGuest = (): void => storage()?.removeItem(KEPT);
