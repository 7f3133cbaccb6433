/** What can go wrong when the server is asked. */
import type { components } from "../generated/api";

export type Problem = components["schemas"]["Problem"];
export type Place = components["schemas"]["Place"];

/** What the server said was wrong, or that it said nothing. */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    /** Seconds after which it may be asked again, where it said so. */
    readonly retryAfter?: number,
  ) {
    super(problem.detail);
    this.name = "ApiError";
  }

  get status(): number {
    return this.problem.status;
  }
}

/** Any error as a problem, so that all are shown alike. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  // fetch throws a TypeError when nothing answers; its text says nothing to people.
  if (error instanceof TypeError && /fetch|network|load failed/i.test(detail)) {
    return { type: "", title: "Server unavailable", status: 0, code: "server_unavailable", detail: "The cto server does not answer.", fix: "see that 'cto serve' runs; this page tries again by itself" };
  }
  return { type: "", title: "Error in the page", status: 0, code: "internal", detail, fix: "reload the page" };
}

/** A reply that is no success, as an error. */
export function refusal(response: Response, body: unknown): ApiError {
  const said = (typeof body === "object" && body !== null ? body : {}) as Partial<Problem>;
  const after = Number(response.headers.get("Retry-After"));
  const problem: Problem = {
    type: said.type ?? "",
    title: said.title ?? response.statusText,
    status: response.status,
    code: said.code ?? "internal",
    detail: said.detail ?? (response.statusText || `The server answered ${response.status}.`),
    fix: said.fix ?? null,
    request_id: said.request_id ?? response.headers.get("X-Request-Id"),
    errors: said.errors ?? [],
  };
  return new ApiError(problem, Number.isFinite(after) && after > 0 ? after : undefined);
}

/** The problem as plain text, for a bug report. */
export function problemText(problem: Problem): string {
  return [
    `error: ${problem.detail}`,
    problem.fix && `  fix: ${problem.fix}`,
    ...(problem.errors ?? []).map((place) => `  ${place.pointer || "/"}: ${place.detail}`),
    `  code: ${problem.code}, status ${problem.status}`,
    problem.request_id && `  request: ${problem.request_id}`,
  ]
    .filter(Boolean)
    .join("\n");
}
