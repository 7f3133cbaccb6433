/** The events of the server, over `cto.stream.v1`; reconnects and then says that facts may have been missed. */

const PROTOCOL = "cto.stream.v1";
/** Messages that the server may send before it is given more credit. */
const CREDIT = 500;

/** Calls `changed` with the type of each event, and with `resync` when some may have been missed. Returns how to stop. */
export function listen(token: string, changed: (type: string) => void, online: (yes: boolean) => void): () => void {
  let socket: WebSocket | undefined;
  let timer: number | undefined;
  let stopped = false;
  let attempt = 0;
  let seen = 0;

  const connect = () => {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/stream`, PROTOCOL);
    const say = (message: unknown) => socket?.send(JSON.stringify(message));
    socket.onopen = () => say({ op: "auth", token });
    socket.onmessage = (incoming) => {
      const message = JSON.parse(incoming.data as string) as { type: string; event?: { type: string } };
      if (message.type === "welcome") {
        attempt = 0;
        seen = 0;
        say({ op: "subscribe", id: 1, topic: { topic: "events" }, credit: CREDIT });
        online(true);
        changed("resync");
      } else if (message.type === "event" && message.event) {
        seen += 1;
        if (seen === CREDIT / 2) {
          say({ op: "credit", id: 1, more: seen });
          seen = 0;
        }
        changed(message.event.type);
      } else if (message.type === "lagged") {
        changed("resync");
      }
    };
    socket.onclose = () => {
      if (stopped) return;
      online(false);
      timer = window.setTimeout(connect, Math.random() * Math.min(15_000, 250 * 2 ** attempt) + 100);
      attempt += 1;
    };
  };
  connect();
  return () => {
    stopped = true;
    window.clearTimeout(timer);
    socket?.close(1000);
  };
}
