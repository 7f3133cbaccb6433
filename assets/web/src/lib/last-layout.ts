/**
 * The arrangement that a person comes back to: the server's layout `last`, which the terminal client reads and writes too. What that one keeps beside it
 * (its view, its home) is left as it is.
 */
import { type SavedWork, readWork, writeWork } from "./layout";

export interface Kept {
  version: number;
  data: unknown;
}

/** How it is asked for. `put` throws what `stale` knows when another was written meanwhile. */
export interface Asks {
  get(): Promise<Kept | undefined>;
  put(data: unknown, replaces: number): Promise<Kept>;
  stale(error: unknown): boolean;
}

/** How long changes are gathered, in milliseconds. */
const REST = 400;
/** Tries to put it where others write too. */
const TRIES = 4;

/** What the terminal client begins with where it has never been: the terminals that were arranged here. */
const VIEW = { view: "terminals" };

const beside = (data: unknown): Record<string, unknown> => {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return {};
  const { work: _, ...rest } = data as Record<string, unknown>;
  return rest;
};

export class LastLayout {
  /** What is there, as far as is known; `null` is nothing. */
  private base: Kept | null | undefined;
  private written: string | undefined;
  private wish: SavedWork | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<boolean> = Promise.resolve(true);

  constructor(
    private readonly asks: Asks,
    private readonly failed: (error: unknown) => void = () => {},
    private readonly rest = REST,
  ) {}

  /** What was kept; none where nothing is, or what this page can't open. */
  async read(): Promise<SavedWork | undefined> {
    this.base = (await this.asks.get()) ?? null;
    try {
      return this.base === null ? undefined : readWork(this.base.data);
    } catch {
      return undefined;
    }
  }

  /** It is so now, and nothing has to be written. */
  is(work: SavedWork): void {
    this.written = JSON.stringify(work);
  }

  /** It is to be kept, after a while. */
  want(work: SavedWork): void {
    if (JSON.stringify(work) === this.written && this.wish === undefined) return;
    this.wish = work;
    this.timer ??= setTimeout(() => void this.flush(), this.rest);
  }

  /** Writes at once what is still to be written; whether nothing is left to do. */
  flush(): Promise<boolean> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<boolean> {
    const { wish } = this;
    if (wish === undefined) return true;
    this.wish = undefined;
    const text = JSON.stringify(wish);
    if (text === this.written) return true;
    try {
      for (let left = TRIES; ; left -= 1) {
        try {
          this.base ??= (await this.asks.get()) ?? null;
          this.base = await this.asks.put({ ...VIEW, ...beside(this.base?.data), ...writeWork(wish) }, this.base?.version ?? 0);
          this.written = text;
          return true;
        } catch (error) {
          // Another client wrote it: what it says beside the arrangement is kept, the arrangement is that of whoever changed it last.
          if (!this.asks.stale(error) || left <= 1) throw error;
          this.base = undefined;
        }
      }
    } catch (error) {
      // With the next change it is tried again.
      this.failed(error);
      return false;
    }
  }

  /** Nothing is written any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wish = undefined;
  }
}
