/**
 * `cto.stream.v1`: one socket of the page for events, stats, tiles and logs.
 *
 * Subscriptions outlive the socket: after a cut they are made again, and each is told that it may have missed something.
 */
import type { components } from "../generated/api";
import { backoff, onWake } from "./backoff";
import type { Problem } from "./problem";
import { Store } from "./store";

export type Topic = components["schemas"]["Topic"];
export type StreamMessage = components["schemas"]["StreamMessage"];
type Payload = Exclude<StreamMessage, { type: "welcome" | "pong" | "end" | "lagged" }>;
type Request = components["schemas"]["StreamRequest"];

export const STREAM_PROTOCOL = "cto.stream.v1";
/** Messages that the server may send before it is given more credit. */
const CREDIT = 500;
/** How long a new connection may take until the server knows who this is, in milliseconds: a line that swallows all would keep it waiting for ever. */
const WELCOME_WITHIN = 10_000;
/** How often the line is tried, and how long an answer may take, in milliseconds: one that went dead without a word would leave old things on the page. */
const PING_EVERY = 20_000;
const PING_WITHIN = 10_000;

export interface Subscriber {
  message(message: Payload): void;
  /** Something may have been missed: by too little credit, or while the socket was cut. Not called for the first beginning. */
  missed?(): void;
  /** The topic has ended; `problem` says why when not by itself. */
  ended?(problem: Problem | undefined): void;
}

export type Link =
  | { state: "idle" }
  | { state: "connecting" }
  | { state: "live"; boot: string }
  | { state: "lost"; since: number; attempt: number; retryAt: number };

interface Subscription {
  topic: Topic;
  subscriber: Subscriber;
  credit: number;
  used: number;
  begun: boolean;
}

/** What the stream needs of the world; tests give their own. */
export interface World {
  open(): WebSocket;
  random(): number;
  /** The server does not know who this is. */
  refused?(): void;
}

/** Closing code for that. */
const UNKNOWN = 4401;

export class Stream {
  readonly link = new Store<Link>({ state: "idle" });
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opening: ReturnType<typeof setTimeout> | undefined;
  private heart: ReturnType<typeof setInterval> | undefined;
  private pings = 0;
  private pinged: number | undefined;
  private readonly subscriptions = new Map<number, Subscription>();
  private next = 1;
  private attempt = 0;
  private since = 0;
  private stopWaking: (() => void) | undefined;

  constructor(private readonly world: World) {}

  /** Connects, until `stop`. */
  start(): void {
    if (this.stopWaking) return;
    this.stopWaking = onWake((slept) => {
      const { state } = this.link.get();
      if (state === "lost") this.retry();
      else if (state === "live" && slept) this.giveUp();
      else if (state === "live") this.ping();
    });
    this.connect();
  }

  /** Ends the connection; subscriptions are kept for another start. */
  stop(): void {
    this.stopWaking?.();
    this.stopWaking = undefined;
    clearTimeout(this.timer);
    clearTimeout(this.opening);
    clearInterval(this.heart);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close(1000);
    this.attempt = 0;
    this.link.set({ state: "idle" });
  }

  /** Tries again now instead of waiting. */
  retry(): void {
    if (this.link.get().state !== "lost") return;
    clearTimeout(this.timer);
    this.connect();
  }

  /** Subscribes; returns how to end it. */
  subscribe(topic: Topic, subscriber: Subscriber, credit = CREDIT): () => void {
    const id = this.next++;
    const subscription = { topic, subscriber, credit, used: 0, begun: false };
    this.subscriptions.set(id, subscription);
    if (this.link.get().state === "live") this.begin(id, subscription);
    return () => {
      if (this.subscriptions.delete(id) && this.link.get().state === "live") this.say({ op: "unsubscribe", id });
    };
  }

  private say(request: Request): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request));
  }

  private begin(id: number, subscription: Subscription): void {
    subscription.used = 0;
    this.say({ op: "subscribe", id, topic: subscription.topic, credit: subscription.credit });
    if (subscription.begun) subscription.subscriber.missed?.();
    subscription.begun = true;
  }

  private connect(): void {
    if (this.link.get().state === "idle") this.link.set({ state: "connecting" });
    const socket = this.world.open();
    this.socket = socket;
    clearTimeout(this.opening);
    this.opening = setTimeout(() => this.giveUp(), WELCOME_WITHIN);
    socket.onmessage = (incoming) => {
      if (socket === this.socket) this.take(JSON.parse(incoming.data as string) as StreamMessage);
    };
    socket.onclose = (closed) => {
      if (socket !== this.socket) return;
      this.closed();
      if (closed.code === UNKNOWN) this.world.refused?.();
    };
  }

  private ping(): void {
    if (this.pinged !== undefined) return;
    const number = (this.pings += 1);
    this.pinged = number;
    this.say({ op: "ping", number });
    setTimeout(() => this.pinged === number && this.link.get().state === "live" && this.giveUp(), PING_WITHIN);
  }

  /** Leaves the socket to itself, whose end may never be told, and begins anew. */
  private giveUp(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close(4000);
    this.closed();
  }

  private closed(): void {
    clearTimeout(this.opening);
    clearInterval(this.heart);
    if (this.link.get().state === "live" || this.since === 0) this.since = Date.now();
    const wait = backoff(this.attempt, this.world.random);
    this.attempt += 1;
    this.link.set({ state: "lost", since: this.since, attempt: this.attempt, retryAt: Date.now() + wait });
    this.timer = setTimeout(() => this.connect(), wait);
  }

  private take(message: StreamMessage): void {
    if (message.type === "welcome") {
      clearTimeout(this.opening);
      this.attempt = 0;
      this.since = 0;
      this.pinged = undefined;
      clearInterval(this.heart);
      this.heart = setInterval(() => this.ping(), PING_EVERY);
      this.link.set({ state: "live", boot: message.boot_id });
      for (const [id, subscription] of this.subscriptions) this.begin(id, subscription);
      return;
    }
    if (message.type === "pong") {
      if (message.number === this.pinged) this.pinged = undefined;
      return;
    }
    const subscription = this.subscriptions.get(message.id);
    if (!subscription) return;
    if (message.type === "end") {
      this.subscriptions.delete(message.id);
      subscription.subscriber.ended?.(message.problem ?? undefined);
      return;
    }
    if (message.type === "lagged") {
      subscription.subscriber.missed?.();
      return;
    }
    subscription.used += 1;
    if (subscription.used >= subscription.credit / 2) {
      this.say({ op: "credit", id: message.id, more: subscription.used });
      subscription.used = 0;
    }
    subscription.subscriber.message(message);
  }
}
