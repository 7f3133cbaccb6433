/** Bytes to and from the server, with their progress. */
import { authHeaders } from "./auth";
import { BASE } from "./base";
import { ApiError, refusal } from "./problem";

export interface Moved {
  done: number;
  /** 0 where it is not known. */
  total: number;
}

export interface Upload<T> {
  ended: Promise<T>;
  cancel: () => void;
}

/** A query as it stands in an address. */
export const query = (values: Record<string, string | number | boolean | undefined | null>): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  const text = params.toString();
  return text ? `?${text}` : "";
};

/** Sends bytes. `fetch` can't tell how much has gone; XMLHttpRequest can. */
export function upload<T>(method: "PUT" | "POST", path: string, body: Blob, moved: (progress: Moved) => void, headers: Record<string, string> = {}): Upload<T> {
  const request = new XMLHttpRequest();
  const ended = new Promise<T>((resolve, reject) => {
    request.open(method, `${BASE}${path}`);
    request.responseType = "json";
    for (const [name, value] of Object.entries({ ...authHeaders(method), "Content-Type": "application/x-tar", ...headers })) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => moved({ done: event.loaded, total: event.lengthComputable ? event.total : body.size });
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve(request.response as T);
      reject(refusal(new Response(null, { status: request.status, statusText: request.statusText, headers: { "Retry-After": request.getResponseHeader("Retry-After") ?? "", "X-Request-Id": request.getResponseHeader("X-Request-Id") ?? "" } }), request.response));
    };
    request.onerror = () => reject(new TypeError("network: the connection was cut"));
    request.onabort = () => reject(cancelled());
    request.send(body);
  });
  return { ended, cancel: () => request.abort() };
}

const cancelled = () => new ApiError({ type: "", title: "Cancelled", status: 0, code: "cancelled", detail: "It was cancelled." });

/** Whether a person ended it. */
export const wasCancelled = (error: unknown): boolean => (error instanceof ApiError && error.problem.code === "cancelled") || (error instanceof DOMException && error.name === "AbortError");

/** Reads bytes; throws a problem when there are more than `most`. */
export async function read(path: string, { most = Infinity, moved, signal }: { most?: number; moved?: (progress: Moved) => void; signal?: AbortSignal } = {}): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  const response = await fetch(`${BASE}${path}`, { headers: authHeaders("GET"), ...(signal ? { signal } : {}) });
  if (!response.ok) throw refusal(response, await response.json().catch(() => null));
  const reader = response.body?.getReader();
  for (let piece = await reader?.read(); reader && piece && !piece.done; piece = await reader.read()) {
    parts.push(piece.value);
    done += piece.value.length;
    moved?.({ done, total: Number(response.headers.get("Content-Length") ?? 0) });
    if (done > most) {
      await reader.cancel();
      throw new ApiError({ type: "", title: "Too large", status: 0, code: "too_large", detail: "This is too large to be shown here.", fix: "download it" });
    }
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Saves bytes as a file of the person's. */
export function save(content: Blob | Uint8Array<ArrayBuffer> | string, name: string): void {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content]));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken it over by then.
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Lets the browser fetch and save something by itself: for what is large. It says who asks by its cookie. */
export async function fetchAndSave(path: string, name: string): Promise<void> {
  if ("Authorization" in authHeaders("GET")) {
    save(new Blob([await read(path)]), name);
    return;
  }
  const link = document.createElement("a");
  link.href = `${BASE}${path}`;
  link.download = name;
  link.click();
}
