/**
 * A server of a test's own, for tests that kill it, cut its network, or look with the terminal client too.
 *
 *     import { served } from "./server.mjs";
 *     await served(async ({ server, wire, open, … }) => { … });
 *
 * `node tests/browser/NAME.mjs CTO HOME PREFIX`: the program, an empty directory for its files, and what names of containers begin with.
 * With CTO_PREVIEW=1 the page is the one that `npm run build` has made last, and not the program's own.
 */
import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import headless from "@xterm/headless";
import { PATIENCE, run } from "./harness.mjs";

const exec = promisify(execFile);
const { Terminal } = headless;

/** Asks until it is so. */
export async function until(what, so) {
  const end = Date.now() + PATIENCE;
  let last;
  while (Date.now() < end) {
    try {
      last = await so();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${what} (${last})`);
}

const listening = (server, port = 0) => new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server.address().port)));

async function freePort() {
  const probe = createServer();
  const port = await listening(probe);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A wire that can be cut: whoever is connected is thrown out, and nobody comes in until it is mended. It can swallow all that is sent, too, and tell nobody. */
class Wire {
  sockets = new Set();
  open = true;
  swallows = false;

  async to(port) {
    this.server = createServer((near) => {
      if (!this.open) return near.destroy();
      const far = connect(port, "127.0.0.1");
      for (const [one, other] of [[near, far], [far, near]]) {
        this.sockets.add(one);
        one.on("error", () => {});
        one.on("close", () => {
          this.sockets.delete(one);
          other.destroy();
        });
        // What was under way when it began to swallow stays dead after it is mended.
        one.on("data", (bytes) => {
          near.dead ||= this.swallows;
          if (!near.dead && !other.write(bytes)) one.pause();
        });
        other.on("drain", () => one.resume());
        one.on("end", () => near.dead || other.end());
      }
    });
    this.url = `http://127.0.0.1:${await listening(this.server)}/`;
    return this;
  }

  cut() {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  swallow() {
    this.swallows = true;
    for (const socket of this.sockets) socket.dead = true;
  }

  mend() {
    this.open = true;
    this.swallows = false;
  }
}

export class Server {
  tuis = [];

  constructor(cto, home, prefix, port) {
    Object.assign(this, { binary: cto, home, prefix, port, url: `http://127.0.0.1:${port}/` });
  }

  env(more = {}) {
    const { CTO_LOG: _, CTO_SERVER: __, CTO_LISTEN: ___, CTO_DATABASE: ____, ...rest } = process.env;
    return { ...rest, CTO_HOME: this.home, ...more };
  }

  async up() {
    this.child = spawn(this.binary, ["serve", "--listen", `127.0.0.1:${this.port}`], { env: this.env(), stdio: "ignore" });
    await until("the server answers", async () => (await fetch(new URL("/api/v1/setup", this.url))).ok);
  }

  /** As the kernel does when memory is out. */
  async kill(signal = "SIGKILL") {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill(signal);
    await ended;
  }

  /** Puts another version of the program in its place: the same with another number in it, of the same length. Returns that number. */
  async upgrade() {
    const own = /\d+\.\d+\.\d+/.exec(await this.cto("--version"))[0];
    const other = own.slice(0, -1) + ((Number(own.at(-1)) + 1) % 10);
    const program = readFileSync(this.binary);
    for (let at = program.indexOf(own); at >= 0; at = program.indexOf(own, at + own.length)) program.write(other, at);
    this.binary = join(this.home, `cto-${other}`);
    writeFileSync(this.binary, program);
    chmodSync(this.binary, 0o755);
    await this.kill("SIGTERM");
    await this.up();
    return other;
  }

  async cto(...args) {
    return (await exec(this.binary, args, { env: this.env() })).stdout.trim();
  }

  /** A user who signs in with a password; returns a token of theirs. */
  async user(name, role, password) {
    const adding = exec(this.binary, ["user", "add", name, "--role", role, "--password"], { env: this.env() });
    adding.child.stdin.end(`${password}\n`);
    await adding;
    return this.cto("token", "create", "--user", name);
  }

  /** A container that runs a shell, with editors in it; its name. */
  async container(name) {
    const templates = join(this.home, "config/templates");
    mkdirSync(templates, { recursive: true });
    writeFileSync(join(templates, "tools.json"), JSON.stringify({ name: "tools", image: "cto-test/tools", command: "bash" }));
    const called = `${this.prefix}-${name}`;
    await this.cto("run", "tools", "--name", called, "-d");
    return called;
  }

  async ask(token, method, path, body) {
    const response = await fetch(new URL(path, this.url), { method, headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : (response.headers.get("content-type") ?? "").includes("json") ? response.json() : response.text();
  }

  /** The session of a container's main program. */
  async open(token, container) {
    const { items } = await this.ask(token, "GET", "/api/v1/containers?limit=500");
    return this.ask(token, "POST", "/api/v1/sessions", { container: items.find((one) => one.name === container).id, main: true });
  }

  /** The live session of this container, of this kind. */
  session(token, container, kind = "main") {
    return until(`a session in ${container}`, async () => (await this.ask(token, "GET", "/api/v1/sessions?limit=500")).items.find((one) => one.container_name === container && one.kind === kind && one.state === "live"));
  }

  screen = (token, id) => this.ask(token, "GET", `/api/v1/sessions/${id}/screen`);

  /** The terminal client on a terminal of its own, signed in by token. */
  tui(token, args = [], { cols = 100, rows = 30 } = {}) {
    const home = join(this.home, `tui-${this.tuis.length}`);
    mkdirSync(join(home, "state"), { recursive: true });
    writeFileSync(join(home, "state/tour-shown"), "");
    const line = [this.binary, ...args].map((part) => `'${part}'`).join(" ");
    const child = spawn("script", ["-qfec", `stty cols ${cols} rows ${rows}; exec ${line}`, "/dev/null"], { env: this.env({ CTO_HOME: home, CTO_SERVER: this.url.replace(/\/$/, ""), CTO_TOKEN: token, TERM: "xterm-256color" }), stdio: ["pipe", "pipe", "ignore"] });
    // A screen of its own: of what stood at a place already, the client says nothing.
    const screen = new Terminal({ cols, rows, allowProposedApi: true });
    child.stdout.on("data", (bytes) => screen.write(bytes));
    const shown = () => Array.from({ length: rows }, (_, row) => screen.buffer.active.getLine(screen.buffer.active.viewportY + row)?.translateToString(true) ?? "").join("\n");
    const tui = { child, type: (text) => child.stdin.write(text) };
    tui.shows = (text) => until(`the terminal client shows '${text}'`, () => shown().includes(text)).catch((error) => { throw new Error(`${error.message}, but:\n${shown()}`) });
    this.tuis.push(tui);
    return tui;
  }

  async down() {
    for (const { child } of this.tuis) child.kill();
    const list = JSON.parse(await this.cto("ps", "-a", "--json").catch(() => "[]"));
    for (const { name } of list.filter((one) => one.name.startsWith(this.prefix))) await this.cto("rm", "-f", name).catch(() => null);
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill("SIGTERM");
  }
}

/** Runs a test with a server of its own, reached over a wire that can be cut; nothing is left of it. */
export async function served(test) {
  const [cto, home, prefix, ...args] = process.argv.slice(2);
  const server = new Server(cto, home, prefix, await freePort());
  let preview;
  await server.up();
  try {
    let port = server.port;
    if (process.env.CTO_PREVIEW) {
      port = await freePort();
      preview = spawn(join(import.meta.dirname, "../../node_modules/.bin/vite"), ["preview", "--port", String(port), "--host", "127.0.0.1"], { cwd: join(import.meta.dirname, "../.."), env: { ...process.env, CTO_DEV_API: server.url }, stdio: "ignore" });
      await until("the page is there", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
    }
    const wire = await new Wire().to(port);
    try {
      await run((world) => test({ ...world, server, wire, flags: args }), [wire.url]);
    } finally {
      wire.cut();
      wire.server.close();
    }
  } finally {
    preview?.kill();
    await server.down();
  }
}
