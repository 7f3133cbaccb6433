/** The terminal in the browser, and all that befalls it: `node terminal.mjs CTO HOME PREFIX`. */
import { PATIENCE, signIn } from "./harness.mjs";
import { served, until } from "./server.mjs";

const PASSWORD = "correct horse battery";
/** How long the network is away, in milliseconds. */
const AWAY = 10_000;
const live = (page) => page.locator(".term-view[data-state=live]");
const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Where screen readers read what the canvas shows. */
const shows = (page, text) => page.locator(".xterm-accessibility-tree").filter({ hasText: text }).waitFor();

/** Everything that the terminal holds, by its own "Copy all". */
async function everything(page) {
  await page.getByRole("button", { name: "More", exact: true }).last().click();
  await page.getByRole("menuitem", { name: "Copy all with colours" }).click();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "\n");
}

/** The numbers after `word`, each of them once and in order; what was typed meanwhile may stand before one. */
async function counts(page, word, most) {
  const found = [...(await everything(page)).matchAll(new RegExp(`${word}-(\\d+)\\s*$`, "gm"))].map((match) => Number(match[1]));
  const wrong = found.findIndex((number, at) => number !== at + 1);
  if (wrong >= 0 || found.length !== most) throw new Error(`${word}: ${found.length} of ${most}, wrong from ${wrong}: ${found.slice(Math.max(0, wrong - 2), wrong + 3)}`);
}

/** Prints slowly enough that a person could do something meanwhile. */
const flood = (word, most, pause) => `clear; for i in $(seq ${most}); do echo ${word}-$i; sleep ${pause}; done; echo ${word}-over-$((1+1))\n`;

await served(async ({ server, wire, open: begin, axe, shot, promise }) => {
  const open = async (path, user, wish = {}) => {
    const page = await begin({ at: path, likes: { screenReader: true }, permissions: ["clipboard-read", "clipboard-write"], ...wish });
    await signIn(page, { name: user, password: PASSWORD });
    return page;
  };
  const token = await server.user("ana", "admin", PASSWORD);
  await server.user("bob", "admin", PASSWORD);
  await server.user("vic", "viewer", PASSWORD);
  const name = await server.container("term");
  const { id } = await server.open(token, name);
  const path = `/sessions/${id}`;
  const page = await open(path, "ana");
  await live(page).waitFor();
  const size = async () => (await server.ask(token, "GET", `/api/v1/sessions/${id}`)).size;
  const say = async (line, on = page) => {
    await on.locator(".xterm").click();
    await on.keyboard.type(`${line}\n`);
  };
  await axe(page, { without: [".xterm"] });
  await shot(page, "session");

  await say(flood("line", 1200, 0.004).trim());
  await shows(page, /line-[2-9]\d\d/);
  await page.reload();
  await live(page).waitFor();
  await shows(page, "line-over-2");
  await counts(page, "line", 1200);
  promise("reloaded in the middle of a flood: every line is there, once");

  await say(flood("cut", 1500, 0.007).trim());
  await shows(page, /cut-[1-4]\d\d/);
  const cut = Date.now();
  wire.cut();
  await page.getByText("Connection lost").waitFor();
  await page.keyboard.type("echo typed-$((6*7))\n");
  await page.getByText(/that you typed wait/).waitFor();
  await shows(page, /cut-\d\d\d/);
  await shot(page, "session-lost");
  await rest(AWAY - (Date.now() - cut));
  wire.mend();
  // It may have come back by itself in this moment.
  await Promise.race([page.getByRole("button", { name: "Try now" }).last().click().catch(() => null), live(page).waitFor()]);
  await live(page).waitFor();
  await shows(page, "cut-over-2");
  await shows(page, "typed-42");
  await counts(page, "cut", 1500);
  if ((await everything(page)).split("typed-42").length !== 2) throw new Error("what was typed was not typed once");
  promise("the network is away for 10 s: a banner says so, the screen stays, then it goes on where it was and what was typed is typed once");

  await say("clear; echo before-$((1+1))");
  await shows(page, "before-2");
  await server.kill();
  await page.getByText("Connection lost").waitFor();
  await shows(page, "before-2");
  await page.keyboard.type("echo after-$((20+3))\n");
  await server.up();
  await live(page).waitFor();
  await shows(page, "after-23");
  if ((await everything(page)).split("after-23").length !== 2) throw new Error("what was typed was not typed once");
  promise("the server is killed and comes back: the terminal goes on, and nobody signs in again");

  await say(flood("dead", 1500, 0.007).trim());
  await shows(page, /dead-[1-4]\d\d/);
  wire.swallow();
  // What a browser says that has found another network; without it the next ping of the page finds the line dead.
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await page.getByText("Connection lost").waitFor();
  await shows(page, /dead-\d\d\d/);
  await page.keyboard.type("echo asleep-$((6*7))\n");
  wire.mend();
  // A try that was swallowed has to be given up first.
  await live(page).waitFor({ timeout: 2 * PATIENCE });
  await shows(page, "dead-over-2");
  await shows(page, "asleep-42");
  await counts(page, "dead", 1500);
  if ((await everything(page)).split("asleep-42").length !== 2) throw new Error("what was typed was not typed once");
  promise("the line swallows everything: the page finds that out, says so, and goes on where it was");

  const second = await open(path, "bob", { viewport: { width: 900, height: 560 } });
  await live(second).waitFor();
  const session = await server.ask(token, "GET", `/api/v1/sessions/${id}`);
  const pane = { container: session.container, name, shows: "main", session: id };
  await server.ask(token, "PUT", "/api/v1/layouts/one", { data: { v: 1, work: { tabs: [{ tree: { pane }, focus: 0, zoomed: false }], active: 0 } } });
  const tui = server.tui(token, ["layout", "open", "one"]);
  await page.getByRole("button", { name: "3 viewers" }).waitFor();
  await page.getByRole("button", { name: "3 viewers" }).click();
  const who = page.getByRole("dialog", { name: "Who is here" });
  await who.getByRole("listitem").filter({ hasText: /^ana.*you.*in a browser/ }).waitFor();
  await who.getByRole("listitem").filter({ hasText: /^bob.*may type.*in a browser · 1?\d\d×\d+ · for \d+s/ }).waitFor();
  await who.getByRole("listitem").filter({ hasText: /^ana.*in the terminal client/ }).waitFor();
  await axe(page, { within: ".present" });
  await second.locator(".xterm").click();
  await second.keyboard.type(": bob");
  await page.getByText("bob is typing").waitFor();
  await who.getByRole("listitem").filter({ hasText: /^bob.*types now/ }).waitFor();
  await shot(page, "session-viewers");
  if ((await second.getByText("is typing").count()) > 0) throw new Error("one is told what one types oneself");
  await page.getByText("bob is typing").waitFor({ state: "hidden" });
  // The screen is as it was: the terminal client draws what differs, and that is what is looked for.
  await second.keyboard.press("Control+u");
  await page.keyboard.press("Escape");
  promise("a terminal says who is there, with what and since when, and who types now");

  await say("clear; echo by-ana-$((1+1))");
  await shows(second, "by-ana-2");
  await tui.shows("by-ana-2");
  tui.type("echo from-tui-$((1+1))\r");
  await shows(page, "from-tui-2");
  await say("echo from-bob-$((1+1))", second);
  await shows(page, "from-bob-2");
  promise("two browsers and the terminal client share a session, and see who is there");

  const wide = (await size()).cols;
  const fixed = (on) => on.getByRole("button", { name: /^\d+×\d+ fixed$/ });
  await fixed(page).waitFor();
  await fixed(page).click();
  await until("the session has the first window's size", async () => (await size()).cols > wide);
  await fixed(second).waitFor();
  await say("stty size | sed 's/.* /columns-/'", second);
  await until("who types has the size", async () => (await size()).cols === wide);
  await shows(page, `columns-${wide}`);
  await shot(page, "session-fixed");
  promise("who types has the size, others see that it is fixed and may take it");

  await page.getByRole("button", { name: "More", exact: true }).last().click();
  await page.getByRole("menuitem", { name: "Only I type" }).click();
  await page.getByRole("button", { name: "only you type" }).waitFor();
  await second.getByRole("button", { name: "only ana types" }).waitFor();
  await say("echo bob-was-$((1+1))-here", second);
  await second.locator(".term-view .banner").waitFor();
  if ((await server.screen(token, id)).includes("bob-was")) throw new Error("somebody typed who may not now");
  await shot(second, "session-lease");
  await second.getByRole("button", { name: "only ana types" }).click();
  await page.getByRole("button", { name: "only bob types" }).waitFor();
  await say("echo bob-is-$((1+1))-here", second);
  await shows(page, "bob-is-2-here");
  await second.getByRole("button", { name: "only you type" }).click();
  await page.getByRole("button", { name: "only bob types" }).waitFor({ state: "hidden" });
  promise("one lets nobody else type, another takes that over and gives it back");
  await second.close();
  tui.child.kill();

  const viewer = await open(path, "vic");
  await live(viewer).waitFor();
  await viewer.getByText("read-only").waitFor();
  await say("echo viewers-$((1+1))-typed", viewer);
  await viewer.getByText("You only watch").waitFor();
  const before = await size();
  await viewer.setViewportSize({ width: 600, height: 400 });
  await say("clear; echo ana-$((1+1))-typed");
  await shows(viewer, "ana-2-typed");
  const after = await size();
  if ((await server.screen(token, id)).includes("viewers-2-typed") || after.cols < before.cols) throw new Error("who only looks has changed something");
  await shot(viewer, "session-viewer");
  await viewer.close();
  promise("who only looks sees all and changes nothing, not even the size");

  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  const copy = (text) => page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await say("clear; cat > /tmp/pasted");
  await copy("one\ntwo\u001b[31m\nthree\n");
  await page.keyboard.press("Control+Shift+V");
  const asking = page.getByRole("alertdialog");
  await asking.getByText("Paste 4 lines?").waitFor();
  await asking.getByText("␛[31m").waitFor();
  await axe(page, { without: [".xterm"] });
  await shot(page, "session-paste");
  await asking.getByRole("button", { name: "Cancel" }).click();
  await page.locator(".xterm").click();
  await page.keyboard.press("Control+Shift+V");
  await asking.getByRole("button", { name: "Take them out" }).click();
  await asking.getByRole("button", { name: "Paste", exact: true }).click();
  await shows(page, "three");
  await page.keyboard.press("Control+d");
  await say("clear; md5sum < /tmp/pasted; echo lines-$(wc -l < /tmp/pasted)-$(grep -c $'\\033' /tmp/pasted)");
  await shows(page, "lines-3-0");
  promise("a paste of several lines and hidden characters is asked about, and cleaned");

  await copy("untouched");
  const osc = "printf '\\033]52;c;%s\\a' $(printf by-program | base64)";
  await say(`clear; ${osc}`);
  await page.getByText("The program wants to copy").waitFor();
  await page.getByRole("button", { name: "No", exact: true }).click();
  if ((await clipboard()) !== "untouched") throw new Error("it was copied without consent");
  await say(osc);
  await page.getByText("The program wants to copy").waitFor();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await until("it is copied", async () => (await clipboard()) === "by-program");
  await say("clear; printf '\\033[6n\\033]11;?\\a\\033]52;c;?\\a'; x=; while IFS= read -rsn1 -t 1 c; do x=$x$c; done; printf '%s' \"$x\" | cat -v | sed 's/^/answer: /'; echo; echo asked-$((1+1))");
  await shows(page, "asked-2");
  const answer = /answer: (.*)/.exec(await server.screen(token, id))?.[1] ?? "";
  if (answer.split("R").length !== 2 || /by-prog|YnktcHJvZ/.test(answer)) throw new Error(`answers of two terminals, or of the clipboard: ${answer}`);
  promise("a program copies only with consent, never reads, and gets one answer to what it asks");

  await say("clear; seq -f needle-%.0f 300");
  await shows(page, "needle-300");
  await page.keyboard.press("Control+Shift+F");
  await page.getByRole("search").getByRole("searchbox").fill("needle-77");
  await page.getByRole("search").getByText("1 of 1").waitFor();
  await shows(page, "needle-77");
  await axe(page, { without: [".xterm"] });
  await shot(page, "session-search");
  await page.keyboard.press("Escape");
  promise("what has scrolled away is found");

  await say("clear; vim -u NONE -N /tmp/edited");
  await shows(page, "/tmp/edited");
  await page.keyboard.type("ihello from vim");
  await page.keyboard.press("Escape");
  await page.keyboard.type("yypA again");
  await page.keyboard.press("Escape");
  await shows(page, "hello from vim again");
  await page.setViewportSize({ width: 900, height: 560 });
  await until("vim has the window's size", async () => (await size()).cols < before.cols);
  await page.setViewportSize({ width: 1280, height: 800 });
  await until("and again", async () => (await size()).cols === before.cols);
  await page.keyboard.type(":wq\n");
  await say("clear; tail -n1 /tmp/edited | tr a-z A-Z");
  await shows(page, "HELLO FROM VIM AGAIN");
  await say("htop");
  await shows(page, "F10Quit");
  await shot(page, "session-htop");
  await page.keyboard.press("F10");
  await say("clear; echo left-$((1+1))");
  await shows(page, "left-2");
  promise("vim edits and follows the window, htop is drawn and left");

  const phone = await open(path, "ana", { phone: true });
  await live(phone).waitFor();
  await phone.getByRole("toolbar", { name: "Keys" }).waitFor();
  await axe(phone, { without: [".xterm"] });
  await shot(phone, "phone-session");
  await phone.close();

  await page.goto(new URL(`/containers/${session.container}`, page.url()).href);
  await live(page).waitFor();
  await page.getByRole("button", { name: "New shell" }).click();
  await until("a shell more", async () => (await page.getByRole("toolbar", { name: "Sessions" }).getByRole("button", { pressed: true }).textContent()) !== "● main");
  await live(page).waitFor();
  await say("exit 3");
  await page.getByText("The program ended with 3").waitFor();
  await axe(page, { without: [".xterm"] });
  await shot(page, "session-ended");
  promise("a program's end is told with its code, and its last screen stays");

  await page.getByRole("toolbar", { name: "Sessions" }).getByRole("button").filter({ hasText: "main" }).click();
  await live(page).waitFor();
  await say("clear; echo older-$((1+1))");
  await shows(page, "older-2");
  const other = await server.upgrade();
  await page.getByText(`The server is now cto ${other}`).waitFor();
  await live(page).waitFor();
  await shows(page, "older-2");
  await say("echo newer-$((1+1))");
  await shows(page, "newer-2");
  await axe(page, { without: [".xterm"] });
  await shot(page, "session-upgraded");
  await page.getByRole("button", { name: "Reload", exact: true }).click();
  await live(page).waitFor();
  await page.getByText(`The server is now cto ${other}`).waitFor({ state: "hidden" });
  promise("another version of the server takes over: the terminal goes on, the page says so and offers the new one");
});
