/** The typed API. Its types are made from the server's OpenAPI description. */
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api";

export type Container = components["schemas"]["Container"];
export type Session = components["schemas"]["Session"];
export type Problem = components["schemas"]["Problem"];
export type Api = ReturnType<typeof connect>;

/** What the server said was wrong. */
export class ApiError extends Error {
  constructor(readonly problem: Pick<Problem, "detail" | "status"> & { fix?: string | null }) {
    super(problem.detail);
  }
}

export function connect(token: string) {
  return createClient<paths>({ headers: { Authorization: `Bearer ${token}` } });
}

/** The data of a reply, or its problem thrown. */
export async function data<T>(reply: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await reply;
  if (data !== undefined) return data;
  const problem = error as Partial<Problem> | undefined;
  throw new ApiError({ detail: problem?.detail ?? response.statusText, status: response.status, fix: problem?.fix ?? null });
}
