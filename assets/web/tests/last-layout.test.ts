import { describe, expect, it } from "vitest";
import { type Asks, type Kept, LastLayout } from "../src/lib/last-layout";
import type { SavedWork } from "../src/lib/layout";

const work = (name: string): SavedWork => ({ tabs: [{ tree: { pane: { container: "c", name, shows: "main" } }, focus: 0, zoomed: false }], active: 0 });

class Server implements Asks {
  kept: Kept | undefined;
  puts = 0;
  get = () => Promise.resolve(this.kept);
  put = (data: unknown, replaces: number) => {
    this.puts += 1;
    if (replaces !== (this.kept?.version ?? 0)) return Promise.reject(new Error("stale"));
    this.kept = { version: replaces + 1, data };
    return Promise.resolve(this.kept);
  };
  stale = (error: unknown) => error instanceof Error && error.message === "stale";
}

describe("the arrangement that one comes back to", () => {
  it("is made where there is none", async () => {
    const server = new Server();
    const last = new LastLayout(server);
    expect(await last.read()).toBeUndefined();
    last.want(work("a"));
    await last.flush();
    expect(server.kept).toEqual({ version: 1, data: { v: 1, view: "terminals", work: work("a") } });
  });

  it("keeps what the terminal client keeps beside it", async () => {
    const server = new Server();
    server.kept = { version: 7, data: { v: 1, view: "logs", home: { table: true }, work: work("a") } };
    const last = new LastLayout(server);
    expect(await last.read()).toEqual(work("a"));
    last.want(work("b"));
    await last.flush();
    expect(server.kept).toEqual({ version: 8, data: { v: 1, view: "logs", home: { table: true }, work: work("b") } });
  });

  it("is written on top of what another client wrote meanwhile", async () => {
    const server = new Server();
    const last = new LastLayout(server);
    await last.read();
    server.kept = { version: 3, data: { v: 1, view: "files", work: work("theirs") } };
    last.want(work("mine"));
    await last.flush();
    expect(server.kept).toEqual({ version: 4, data: { v: 1, view: "files", work: work("mine") } });
  });

  it("is written once for many changes, and not at all for none", async () => {
    const server = new Server();
    const last = new LastLayout(server);
    await last.read();
    for (const name of ["a", "b", "c"]) last.want(work(name));
    await last.flush();
    last.want(work("c"));
    await last.flush();
    expect(server.puts).toBe(1);
    last.is(work("d"));
    last.want(work("d"));
    await last.flush();
    expect(server.puts).toBe(1);
  });

  it("is tried again with the next change where it could not be written", async () => {
    const server = new Server();
    const told: unknown[] = [];
    const last = new LastLayout(server, (error) => told.push(error));
    await last.read();
    const { put } = server;
    server.put = () => Promise.reject(new Error("down"));
    last.want(work("a"));
    await last.flush();
    expect(told).toHaveLength(1);
    server.put = put;
    last.want(work("a"));
    await last.flush();
    expect(server.kept?.data).toEqual({ v: 1, view: "terminals", work: work("a") });
  });

  it("is nothing where it is of another version", async () => {
    const server = new Server();
    server.kept = { version: 1, data: { v: 9, other: true } };
    expect(await new LastLayout(server).read()).toBeUndefined();
  });
});
