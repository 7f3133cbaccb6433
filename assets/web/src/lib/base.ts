/** Where the page lives: `/`, or the path that a proxy puts before it. The server writes it into the page. */
const written = typeof document === "undefined" ? undefined : document.querySelector<HTMLMetaElement>('meta[name="cto-base"]')?.content;

/** The path without its last slash: empty at the root. */
export const BASE = (written ?? "/").replace(/\/+$/, "");

/** Address of a WebSocket of the API. */
export const socketUrl = (path: string): string => `${location.origin.replace(/^http/, "ws")}${BASE}/api/v1${path}`;
