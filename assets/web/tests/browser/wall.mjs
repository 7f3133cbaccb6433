/**
 * Accounts, sessions, the wall with the terminal client's layouts, shares: `node wall.mjs CTO HOME PREFIX [--measure]`.
 * `--measure`: instead of all that a wall of 24 live tiles, in frames a second and heap.
 */
import { signIn } from "./harness.mjs";
import { served, until } from "./server.mjs";

const PASSWORD = "correct horse battery";
const live = (page) => page.locator(".term-view[data-state=live]");

/** The code that the server printed is in its log. */
const setupCode = async (server) => /with the code (\S+)/.exec(await server.cto("server", "logs"))[1];

async function accounts({ server, open, axe, shot, promise }) {
  const page = await open();
  await page.getByRole("heading", { name: "cto" }).waitFor();
  await page.waitForURL(/\/setup/);
  await axe(page);
  await shot(page, "setup");
  const field = (label) => page.getByLabel(label, { exact: true }).and(page.locator("input"));
  await field("One-time code").fill("AAAA-BBBB-CCCC");
  await field("Name").fill("ana");
  await field("Password").fill(PASSWORD);
  await field("Password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByRole("alert").waitFor();
  await field("One-time code").fill(await setupCode(server));
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  promise("the first visit makes the first account with the printed code, and with no other");

  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
  if (/cto_(pat|ses)|csrf/i.test(kept)) throw new Error(`a secret is kept where scripts read it: ${kept}`);
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  promise("a reload stays signed in, and no secret is where scripts read");

  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await page.getByRole("grid", { name: "users" }).waitFor();
  await page.getByRole("button", { name: "Add a user" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("vic");
  await dialog.getByRole("combobox", { name: "Role" }).selectOption("viewer");
  await dialog.getByLabel("Password", { exact: true }).fill("short");
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await axe(page);
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /vic/ }).waitFor();
  await axe(page);
  await shot(page, "users");
  promise("a user is added, and a bad password is refused at its field");

  await page.getByRole("tab", { name: /Tokens/ }).click();
  await page.getByRole("button", { name: "Make a token" }).click();
  await dialog.getByRole("combobox", { name: "For" }).selectOption("ana");
  await dialog.getByRole("button", { name: "Make it" }).click();
  const token = await dialog.getByRole("textbox", { name: "Token" }).inputValue();
  await server.ask(token, "GET", "/api/v1/me");
  await dialog.getByRole("button", { name: "Done" }).click();
  if ((await page.content()).includes(token)) throw new Error("the token is still in the page");
  await shot(page, "tokens");
  await page.getByRole("row").filter({ hasText: "in 2mo" }).or(page.getByRole("row").nth(1)).first().getByRole("checkbox").check();
  await page.getByRole("button", { name: "Revoke…" }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await until("the token is worth nothing", async () => (await fetch(new URL("/api/v1/me", server.url), { headers: { Authorization: `Bearer ${token}` } })).status === 401);
  promise("a token is shown once, works, and is revoked");

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Password…" }).click();
  await field("Password now").fill(PASSWORD);
  await field("New password").fill(`${PASSWORD}!`);
  await field("New password again").fill(`${PASSWORD}!`);
  await page.getByRole("button", { name: "Change it" }).click();
  await page.getByText("Your password is another now").first().waitFor();
  await axe(page);
  await shot(page, "settings-account");
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page, { name: "ana", password: `${PASSWORD}!` });
  promise("the own password is changed, and the new one signs in");

  await page.goto(new URL("/settings?tab=account", page.url()).href);
  await page.getByRole("button", { name: "Make a token" }).click();
  await dialog.getByLabel("What it is for").fill("the status page");
  await dialog.getByRole("combobox", { name: "It may do" }).selectOption("viewer");
  await dialog.getByLabel("It ends after").fill("never");
  await dialog.getByText("is a number of days").waitFor();
  await dialog.getByLabel("It ends after").fill("30");
  await axe(page, { within: ".dialog" });
  await shot(page, "own-token-form");
  await page.keyboard.press("Enter");
  const own = await page.getByRole("dialog", { name: "Your new token" }).getByText(/^cto_pat_/).textContent();
  await shot(page, "own-token-made");
  await page.getByRole("button", { name: "I have kept it" }).click();
  if ((await page.content()).includes(own)) throw new Error("the token is still in the page");
  const me = await server.ask(own, "GET", "/api/v1/me");
  if (me.name !== "ana" || me.role !== "viewer") throw new Error(`the token stands for ${me.name} as ${me.role}`);
  const mine = page.getByRole("list", { name: "Your tokens" });
  await mine.getByRole("listitem").filter({ hasText: /the status page.*viewer.*ends in/ }).waitFor();
  // Made elsewhere, it is here at once.
  await server.cto("token", "create", "--user", "ana");
  await until("both are shown", async () => (await mine.getByRole("listitem").count()) > 1);
  await axe(page);
  await shot(page, "own-tokens");
  await mine.getByRole("button", { name: "Revoke the status page" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await until("the own token is worth nothing", async () => (await fetch(new URL("/api/v1/me", server.url), { headers: { Authorization: `Bearer ${own}` } })).status === 401);
  await mine.getByText("the status page").waitFor({ state: "hidden" });
  promise("one makes a token of one's own, sees it once, and revokes it");

  for (const [path, name, grid] of [
    ["/audit", "audit", "entries"],
    ["/operations", "operations", "operations"],
    ["/operations?tab=calls", "engine-calls", "calls"],
    ["/settings?tab=server", "settings-server", "settings"],
  ]) {
    await page.goto(new URL(path, page.url()).href);
    await page.getByRole("grid", { name: grid }).getByRole("row").nth(1).waitFor();
    await axe(page);
    await shot(page, name);
  }
  await page.goto(new URL("/settings", page.url()).href);
  await page.getByRole("combobox", { name: "Theme" }).selectOption("high-contrast");
  await axe(page);
  await shot(page, "settings-contrast");
  await page.getByRole("combobox", { name: "Theme" }).selectOption("system");
  promise("audit, operations, engine calls and settings are shown, also in high contrast");

  const viewer = await open({ at: "/users" });
  await signIn(viewer, { name: "vic", password: PASSWORD });
  await viewer.getByText("This page is not for you").waitFor();
  if (await viewer.getByRole("link", { name: "Audit" }).count()) throw new Error("a viewer is led to the audit");
  await viewer.close();
  promise("who may not is told so, and not led there");
  return page;
}

async function wall({ server, page, token, one, two, axe, shot, promise, open }) {
  const focused = () => page.locator(".pane.focused");
  const leader = async (...keys) => {
    await page.keyboard.press("Control+b");
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.goto(new URL("/wall", page.url()).href);
  await page.getByText("No terminal is open here").waitFor();
  await axe(page);
  await shot(page, "wall-empty");
  await page.getByRole("button", { name: "Add a terminal" }).click();
  await page.getByPlaceholder("A session or a container…").fill(one);
  await page.keyboard.press("Enter");
  await live(page).waitFor();
  await page.keyboard.type("echo first-$((40+2))\n");
  await page.locator(".xterm-accessibility-tree").filter({ hasText: "first-42" }).waitFor();
  await leader("Shift+%");
  await live(page).nth(1).waitFor();
  await page.keyboard.type("echo second-$((40+2))\n");
  await focused().locator(".xterm-accessibility-tree").filter({ hasText: "second-42" }).waitFor();
  await leader('Shift+"');
  await live(page).nth(2).waitFor();
  await page.keyboard.type("echo third-$((40+2))\n");
  await focused().locator(".xterm-accessibility-tree").filter({ hasText: "third-42" }).waitFor();
  promise("panes are split by keys, and the new one has the keyboard");

  await leader("ArrowLeft");
  await page.keyboard.type("echo again-$((1+1))\n");
  await focused().locator(".xterm-accessibility-tree").filter({ hasText: "first-42" }).filter({ hasText: "again-2" }).waitFor();
  const size = async () => (await focused().boundingBox()).width;
  const before = await size();
  await leader("Alt+ArrowRight");
  await until("the border moved by keys", async () => (await size()) > before + 20);
  const border = await page.getByRole("separator", { name: "Border between left and right" }).boundingBox();
  await page.mouse.move(border.x + 4, border.y + 60);
  await page.mouse.down();
  await page.mouse.move(border.x - 150, border.y + 60, { steps: 5 });
  await page.mouse.up();
  await until("the border moved by the pointer", async () => (await size()) < before - 50);
  await leader("z");
  await until("one pane is seen", async () => (await page.locator(".pane:visible").count()) === 1);
  await leader("z");
  await until("all are seen", async () => (await page.locator(".pane:visible").count()) === 3);
  promise("the focus moves, borders move by keys and pointer, a pane fills the wall and goes back");

  await page.keyboard.type("cat -v\n");
  await leader("Control+b");
  await focused().locator(".xterm-accessibility-tree").filter({ hasText: "^B" }).waitFor();
  await page.keyboard.press("Control+c");
  promise("the leader twice is for the program");

  await leader("c");
  await until("a second tab", async () => (await page.getByRole("toolbar", { name: "Tabs" }).getByRole("button", { pressed: true }).textContent()).startsWith("2"));
  await live(page).waitFor();
  await axe(page, { without: [".xterm"] });
  await leader("1");
  await until("three panes", async () => (await page.locator(".pane").count()) === 3);
  await leader("Shift+W");
  await page.getByRole("dialog").getByLabel("Name").fill("from-browser");
  await page.keyboard.press("Enter");
  await page.getByText("Kept as 'from-browser'").first().waitFor();
  const kept = await server.ask(token, "GET", "/api/v1/layouts/from-browser");
  const sessions = (data) => [...JSON.stringify(data).matchAll(/"session":"(ses_\w+)"/g)].map((match) => match[1]).sort().join(" ");
  // What the browser has open is not what the terminal client comes back to here.
  await server.ask(token, "DELETE", "/api/v1/layouts/last");
  const tui = server.tui(token, ["layout", "open", "from-browser"], { cols: 150, rows: 40 });
  await until("the terminal client shows the same sessions in the same arrangement", async () => {
    const { data } = await server.ask(token, "GET", "/api/v1/layouts/last");
    const shape = (tabs) => JSON.stringify(tabs.map(({ tree }) => tree));
    return data.work.tabs.length === 2 && shape(data.work.tabs) === shape(kept.data.work.tabs);
  });
  await shot(page, "wall");
  promise("a layout that is kept here opens in the terminal client, as it was");

  // There: one split more, and kept.
  const count = async () => (await server.ask(token, "GET", "/api/v1/layouts/last")).data.work.tabs.flatMap((tab) => sessions(tab).split(" ")).length;
  tui.type('\u0002"');
  await until("it has a pane more", async () => (await count()) === 5);
  tui.type("\u0002W");
  await tui.shows("save all tabs as");
  tui.type("from-tui\r");
  const theirs = await until("it is kept", () => server.ask(token, "GET", "/api/v1/layouts/from-tui"));
  await leader("s");
  await page.getByRole("button", { name: /^from-tui/ }).waitFor();
  await axe(page, { without: [".xterm"] });
  await shot(page, "wall-layouts");
  await page.getByRole("button", { name: /^from-tui/ }).click();
  const here = async () => (await server.ask(token, "GET", "/api/v1/layouts/last")).data;
  await until("the browser shows what the terminal client kept", async () => sessions(await here()) === sessions(theirs.data));
  await until("all are live", async () => (await live(page).count()) === (await page.locator(".pane").count()));
  tui.child.kill();
  promise("a layout of the terminal client opens here, each session once");

  await page.reload();
  await until("the wall is as it was", async () => sessions(await here()) === sessions(theirs.data) && (await live(page).count()) > 0);
  // What a browser of before kept by itself is not lost.
  await page.evaluate((work) => localStorage.setItem("cto.wall.ana", JSON.stringify(work)), kept.data);
  await page.reload();
  await until("it is a layout of the server", async () => sessions((await server.ask(token, "GET", "/api/v1/layouts/browser")).data) === sessions(kept.data));
  await until("and no longer the browser's", () => page.evaluate(() => localStorage.getItem("cto.wall.ana") === null));
  if (sessions(await here()) !== sessions(theirs.data)) throw new Error("what a browser kept has replaced what the server keeps");
  promise("a reload finds the wall again, which the server keeps, and what a browser kept is a layout");

  await page.getByRole("radio", { name: "Tiles" }).or(page.getByRole("button", { name: "Tiles" })).click();
  await page.getByRole("img", { name: `Screen of ${two}` }).waitFor();
  await axe(page);
  await shot(page, "wall-tiles");
  await page.getByRole("button", { name: new RegExp(two) }).click();
  await focused().locator(".pane-head").filter({ hasText: two }).waitFor();
  promise("a tile opens its terminal");

  await page.goto(new URL("/sessions", page.url()).href);
  const grid = page.getByRole("grid", { name: "sessions" });
  await grid.getByRole("row", { name: new RegExp(one) }).first().waitFor();
  await axe(page);
  await shot(page, "sessions");
  await page.getByLabel("Filter sessions").fill("main");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/sessions\/ses_/);
  await live(page).waitFor();
  promise("sessions are listed, and opened by keyboard");

  const phone = await open({ phone: true, at: "/wall" });
  await signIn(phone, { name: "ana", password: `${PASSWORD}!` });
  // What is open at the desk is open here too.
  await phone.locator(".pane:visible .pane-head").filter({ hasText: two }).waitFor();
  await phone.getByRole("button", { name: "Layouts", exact: true }).click();
  await phone.getByRole("button", { name: /^from-browser/ }).click();
  await phone.getByRole("toolbar", { name: "Panes" }).waitFor();
  await phone.locator(".pane:visible .term-view[data-state=live]").waitFor();
  if ((await phone.locator(".pane:visible").count()) !== 1) throw new Error("a phone shows more than one pane");
  await phone.getByRole("toolbar", { name: "Panes" }).getByRole("button").nth(1).click();
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) throw new Error(`the wall is ${wide} pixels wider than the phone`);
  await axe(phone, { without: [".xterm"] });
  await shot(phone, "phone-wall");
  for (const path of ["/sessions", "/users", "/audit", "/operations", "/settings", "/settings?tab=account"]) {
    await phone.goto(new URL(path, phone.url()).href);
    await phone.getByRole("heading", { level: 1 }).waitFor();
    await phone.waitForLoadState("networkidle").catch(() => null);
    const over = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) throw new Error(`${path} is ${over} pixels wider than the phone`);
    await axe(phone);
    await shot(phone, `phone${path.replaceAll(/\W+/g, "-")}`);
  }
  await phone.close();
  promise("a phone shows one pane at a time, and every page fits");

  const light = await open({ theme: "light", at: "/wall?layout=from-browser" });
  await signIn(light, { name: "ana", password: `${PASSWORD}!` });
  await live(light).first().waitFor();
  await axe(light, { without: [".xterm"] });
  await shot(light, "light-wall");
  await light.close();
  promise("the light theme is as readable");
}

async function shares({ server, page, token, one, axe, shot, promise, open }) {
  const dialog = page.getByRole("dialog");
  const share = async (mode) => {
    await page.getByRole("button", { name: "Share" }).click();
    await dialog.getByRole("button", { name: mode, exact: true }).click();
    await dialog.getByLabel("Uses at most").fill("2");
    await axe(page, { without: [".xterm"] });
    await dialog.getByRole("button", { name: "Make a link" }).click();
    const link = await dialog.getByRole("textbox", { name: "Link" }).inputValue();
    await shot(page, "share");
    await dialog.getByRole("button", { name: "Close" }).click();
    return new URL(link).pathname;
  };
  const session = await server.session(token, one);
  await page.goto(new URL(`/sessions/${session.id}`, page.url()).href);
  await live(page).waitFor();
  const link = await share("Look");
  const guest = await open({ at: link });
  await guest.getByText("Somebody shares a terminal").waitFor();
  await axe(guest);
  await shot(guest, "guest-name");
  await guest.getByLabel("Your name").fill("gus");
  await guest.keyboard.press("Enter");
  await live(guest).waitFor();
  await guest.getByText("read-only").waitFor();
  await guest.getByRole("timer").filter({ hasText: /ends in 59m|ends in 1h/ }).waitFor();
  if (await guest.getByRole("navigation").count()) throw new Error("a guest sees the dashboard's navigation");
  await page.locator(".xterm").click();
  await page.keyboard.type("echo seen-by-$((3*3))-guests\n");
  await guest.locator(".xterm-accessibility-tree").filter({ hasText: "seen-by-9-guests" }).waitFor();
  await guest.locator(".xterm").click();
  await guest.keyboard.type("echo guests-typed\n");
  await guest.getByText("You only watch").waitFor();
  await axe(guest, { without: [".xterm"] });
  await shot(guest, "guest");
  // A reload comes back as who one was; further below it is seen that no use of the link was spent.
  await guest.reload();
  await live(guest).waitFor();
  await guest.locator(".xterm-accessibility-tree").filter({ hasText: "seen-by-9-guests" }).waitFor();
  await page.getByRole("button", { name: "2 viewers" }).click();
  await page.getByRole("dialog", { name: "Who is here" }).getByRole("listitem").filter({ hasText: /gus \(guest\).*watches/ }).waitFor();
  await page.keyboard.press("Escape");
  if ((await server.screen(token, session.id)).includes("guests-typed")) throw new Error("a guest who may only look has typed");
  promise("a guest comes in by a link with a name alone, looks, comes back after a reload, and can do nothing else");

  await page.getByRole("button", { name: "Share" }).click();
  await dialog.getByText("1 of 2 uses").waitFor();
  if ((await page.content()).includes(link)) throw new Error("the link is shown again");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await guest.getByText("This share has ended").waitFor();
  await axe(guest);
  await shot(guest, "guest-ended");
  await dialog.getByText("None.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await guest.goto(new URL(link, guest.url()).href);
  await guest.getByLabel("Your name").fill("gus");
  await guest.keyboard.press("Enter");
  await guest.getByText("This share has ended").waitFor();
  promise("a share is listed without its link; revoked, its guests are told kindly and nobody comes in");

  const writing = await share("Look and type");
  const phone = await open({ phone: true, at: writing });
  await phone.getByLabel("Your name").fill("pat");
  await phone.getByRole("button", { name: "Come in" }).click();
  await live(phone).waitFor();
  await phone.locator(".xterm").tap();
  await phone.keyboard.type("echo typed-by-$((2+2))\n");
  await page.locator(".xterm-accessibility-tree").filter({ hasText: "typed-by-4" }).waitFor();
  await axe(phone, { without: [".xterm"] });
  await shot(phone, "phone-guest");
  await phone.close();
  await guest.close();
  promise("a guest with the right types, from a phone too");
}

/** Many containers whose screens never rest. */
async function measure({ server, open, promise }) {
  const count = 24;
  const token = await server.user("ana", "admin", PASSWORD);
  for (let at = 0; at < count; at += 1) {
    const session = await server.open(token, await server.container(`live-${at}`));
    await server.ask(token, "POST", `/api/v1/sessions/${session.id}/input`, { text: "while :; do printf '\\033[H'; for i in $(seq 12); do printf '\\033[3%dm%s %s %s\\033[K\\n' $((RANDOM%8)) $RANDOM $RANDOM $RANDOM; done; sleep 0.1; done\n" });
  }
  const tiles = await open({ at: "/wall?view=tiles&q=live-", viewport: { width: 1920, height: 1200 } });
  await signIn(tiles, { name: "ana", password: PASSWORD });
  await tiles.getByRole("img", { name: /Screen of/ }).nth(count - 1).waitFor();
  const wire = await tiles.context().newCDPSession(tiles);
  await wire.send("Performance.enable");
  await wire.send("HeapProfiler.enable");
  const seconds = 20;
  const frames = await tiles.evaluate(
    (seconds) =>
      new Promise((resolve) => {
        const begun = performance.now();
        let frames = 0;
        let longest = 0;
        let last = begun;
        const next = (now) => {
          frames += 1;
          longest = Math.max(longest, now - last);
          last = now;
          if (now - begun < seconds * 1000) requestAnimationFrame(next);
          else resolve({ rate: (frames * 1000) / (now - begun), longest });
        };
        requestAnimationFrame(next);
      }),
    seconds,
  );
  // They are live, and no faster than is asked for.
  const changes = await tiles.evaluate(
    () =>
      new Promise((resolve) => {
        const canvas = document.querySelector(".tile-picture");
        const begun = performance.now();
        let last = canvas.toDataURL();
        let changes = 0;
        const timer = setInterval(() => {
          const now = canvas.toDataURL();
          changes += now === last ? 0 : 1;
          last = now;
          if (performance.now() - begun < 5_000) return;
          clearInterval(timer);
          resolve((changes * 1000) / (performance.now() - begun));
        }, 60);
      }),
  );
  const used = async () => (await wire.send("Performance.getMetrics")).metrics.find((one) => one.name === "JSHeapUsedSize").value / 1024 ** 2;
  const peak = await used();
  await wire.send("HeapProfiler.collectGarbage");
  const settled = await used();
  console.error(`${count} live tiles for ${seconds} s: ${frames.rate.toFixed(1)} animation frames a second, longest ${frames.longest.toFixed(0)} ms; heap ${peak.toFixed(1)} MiB, ${settled.toFixed(1)} MiB after collection; a tile has ${changes.toFixed(1)} pictures a second`);
  if (changes < 1 || changes > 4.5) throw new Error(`${changes} pictures a second`);
  if (frames.rate < 30) throw new Error(`${frames.rate} animation frames a second`);
  if (peak > 300) throw new Error(`a heap of ${peak} MiB`);
  promise("a wall of 24 live tiles is smooth and small");
}

await served(async ({ open: begin, ...rest }) => {
  // Terminals are drawn on a canvas; what they show is read where screen readers read it.
  const world = { ...rest, open: (wish = {}) => begin({ likes: { screenReader: true }, ...wish }) };
  const { server } = world;
  if (world.flags.includes("--measure")) return measure(world);
  const one = await server.container("one");
  const two = await server.container("two");
  const page = await accounts(world);
  const token = await server.cto("token", "create", "--user", "ana");
  for (const name of [one, two]) await server.open(token, name);
  const all = { ...world, page, token, one, two };
  await wall(all);
  await shares(all);
});
