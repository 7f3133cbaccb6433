/** Saving templates: over the revision that one has seen, never over what somebody else has saved meanwhile. */
import { type Schemas, api, data } from "./api";
import { can } from "./permissions";
import { ApiError } from "./problem";

export type TemplateEntry = Schemas["TemplateEntry"];
export type SavedBy = Pick<Schemas["AuditEvent"], "actor" | "at">;

/** The text that is edited: the file's own, with its comments. */
export const textOf = (entry: TemplateEntry): string => entry.text ?? `${JSON.stringify(entry.template, null, 2)}\n`;

const path = (name: string) => ({ path: { name } });

/** What saving would do; throws what it would be refused for. `replaces` is the revision that it is written over, empty where there must be none yet. */
export const trySaving = (name: string, text: string, replaces: string): Promise<TemplateEntry> =>
  data(api.PUT("/api/v1/templates/{name}", { params: { ...path(name), query: { dry_run: true } }, body: { text, replaces } }));

export const saveTemplate = (name: string, text: string, replaces: string): Promise<TemplateEntry> => data(api.PUT("/api/v1/templates/{name}", { params: path(name), body: { text, replaces } }));

/** Removes it as it was seen. */
export async function removeTemplate(name: string, replaces: string): Promise<void> {
  await data(api.DELETE("/api/v1/templates/{name}", { params: { ...path(name), query: { replaces } } }));
}

export const isStale = (error: unknown): boolean => error instanceof ApiError && error.problem.code === "stale";

/** What is saved now, where somebody else has saved: none where it is gone. */
export async function savedNow(name: string): Promise<TemplateEntry | undefined> {
  try {
    return await data(api.GET("/api/v1/templates/{name}", { params: path(name) }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** Rows of the audit that are looked through for it. */
const LOOKED = 20;

/** Who saved or removed it last, where one may read the audit; files that were written by hand are in none. */
export async function savedBy(name: string): Promise<SavedBy | undefined> {
  if (!can("read:audit").ok) return undefined;
  const target = `template ${name}`;
  try {
    const { items } = await data(api.GET("/api/v1/audit", { params: { query: { limit: LOOKED, q: target } } }));
    return items.find((one) => one.action === "write:templates" && one.target === target && one.outcome === "succeeded");
  } catch {
    // It is only a word beside the two texts.
    return undefined;
  }
}
